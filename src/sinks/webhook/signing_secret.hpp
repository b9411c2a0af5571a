#pragma once

#include <string>

#include "core/webhook_plan.hpp"

namespace sluice::sinks {

/// The secret that signs a plan's requests, from the plan, its file or its environment variable; empty if
/// there is none. Throws ConfigError if the file or variable does not contain it.
std::string signing_secret_of(const WebhookPlan& plan);

}  // namespace sluice::sinks
