#pragma once

#include <memory>
#include <string_view>

#include "sluice/effect.hpp"

namespace sluice {

struct RegisteredHandler;

/// The handler function that a rule's changes are passed to. The message's payload is the change event, and
/// its id the idempotency key.
struct HandlerPlan final : DeliveryPlan {
  static constexpr std::string_view sink_name = "handler";

  std::shared_ptr<RegisteredHandler> handler;

  std::string_view sink() const override { return sink_name; }
};

}  // namespace sluice
