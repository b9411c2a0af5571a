#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

constexpr const char* kLostPolicies[] = {"fail", "restart-now", "rebuild"};
constexpr const char* kChangedRulesPolicies[] = {"fail", "accept"};

void set_on_lost(Config& config, const OptionValue& value) {
  config.on_lost = value.text == "rebuild"       ? LostPolicy::rebuild
                   : value.text == "restart-now" ? LostPolicy::restart_now
                                                 : LostPolicy::fail;
}

void set_on_changed_rules(Config& config, const OptionValue& value) {
  config.accept_changed_rules = value.text == "accept";
}

/// Runs after set_on_changed_rules and overrides it when the flag is given.
void set_accept_changed_rules(Config& config, const OptionValue& value) {
  config.accept_changed_rules |= value.number != 0;
}

constexpr Option position_table[] = {
    {.group = "Position",
     .name = "on-lost",
     .env = "SLUICE_ON_LOST",
     .path = "on_lost",
     .type = OptionType::choice,
     .fallback = "fail",
     .choices = kLostPolicies,
     .help = "What to do when the position is lost (history gone, rules changed, collection dropped or "
             "renamed): stop (fail), continue from the present moment (restart-now), or recompute all "
             "targets and continue (rebuild).",
     .store = set_on_lost},
    {.group = "Position",
     .name = "on-changed-rules",
     .env = "SLUICE_ON_CHANGED_RULES",
     .path = "on_changed_rules",
     .type = OptionType::choice,
     .fallback = "fail",
     .choices = kChangedRulesPolicies,
     .help = "What to do when the rules changed while no worker was running: stop (fail), or continue from "
             "the stored position with the new rules (accept).",
     .store = set_on_changed_rules},
    {.group = "Position (flags only)",
     .name = "backfill",
     .type = OptionType::flag,
     .help = "On the first start, fill the targets from the existing source documents.",
     .store = set_flag<&Config::backfill>},
    {.group = "Position (flags only)",
     .name = "restart-now",
     .type = OptionType::flag,
     .help = "Discard the stored position and start from the present moment.",
     .store = set_flag<&Config::restart_now>},
    {.group = "Position (flags only)",
     .name = "accept-changed-rules",
     .type = OptionType::flag,
     .help = "Continue from the stored position although the rules have changed.",
     .store = set_accept_changed_rules},
};

}  // namespace

std::span<const Option> position_options() {
  return position_table;
}

}  // namespace sluice::config
