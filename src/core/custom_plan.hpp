#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/effect.hpp"
#include "sluice/sink.hpp"

namespace sluice {

/// How a rule for a custom sink delivers: to an object of its own.
struct CustomPlan final : DeliveryPlan {
  std::string kind;  ///< the name that the sink was registered under
  std::shared_ptr<Sink> receiver;
  std::string target;  ///< as the receiver names it

  std::string_view sink() const override { return kind; }
};

/// A message of such a rule. The part that all messages have serves `dead list`, `try` and deduplication.
struct CustomMessage : Message {
  SinkMessage change;
};

}  // namespace sluice
