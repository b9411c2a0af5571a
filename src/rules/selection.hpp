#pragma once

#include <string>
#include <vector>

#include "sluice/rule.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// What of a collection a rule reads, as its settings state it: `operations`, `fields`, `where`,
/// `when`, `full_document`, `before`, `redact` and `project`, none of which has to be there. All are asked
/// for, so that Settings::done() knows them. Throws ConfigError, with the place, for what cannot be meant.
///
/// What the subscription asks for is kept exactly: the rule's apply() sees no other event, and where an image
/// is required and missing it is not called, for the event goes to the dead letters by itself.
Subscription read_selection(const Settings& settings, const std::string& collection);

/// The same of several collections alike.
std::vector<Subscription> read_selections(const Settings& settings,
                                          const std::vector<std::string>& collections);

}  // namespace sluice::rules
