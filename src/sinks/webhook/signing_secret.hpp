#pragma once

#include <string>

#include "core/webhook_plan.hpp"

namespace sluice::sinks {

/// The secret that a plan's requests are signed with, from the plan, its file or its environment variable;
/// empty if requests are not signed. Throws ConfigError if the file or the variable does not contain it.
std::string signing_secret_of(const WebhookPlan& plan);

}  // namespace sluice::sinks
