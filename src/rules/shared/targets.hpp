#pragma once

#include <string>
#include <vector>

#include "rules/shared/text_template.hpp"
#include "sluice/rule.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// What `target` (a topic, an exchange, a queue) is called for each collection that is known by name. Empty
/// if it depends on the documents.
std::vector<std::string> known_targets(const TextTemplate& target,
                                       const std::vector<Subscription>& subscriptions,
                                       const std::string& database);

/// For templates that are made of fields: they need the documents, unless the settings say otherwise.
void ask_for_documents(const Settings& settings, std::vector<Subscription>& subscriptions);

}  // namespace sluice::rules
