#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/effect.hpp"
#include "sluice/sink.hpp"

namespace sluice {

/// How a rule for a custom sink delivers. Each rule has a sink object of its own.
struct CustomPlan final : DeliveryPlan {
  std::string kind;  ///< the name that the sink was registered under
  std::shared_ptr<Sink> receiver;
  std::string target;  ///< the destination, in the sink's own terms

  std::string_view sink() const override { return kind; }
};

/// A message of such a rule. The base Message is for `dead list`, `try` and deduplication.
struct CustomMessage : Message {
  SinkMessage change;
};

}  // namespace sluice
