#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/shared/collection_names.hpp"
#include "sluice/rule.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// The kinds of events that a rule may receive besides changes of documents.
enum class Tells : std::uint8_t { of_documents, of_collections };

/// What a rule reads of a collection, from its settings `operations`, `fields`, `where`, `when`,
/// `full_document`, `before`, `redact` and `project`, all optional. Marks all of them as used for
/// Settings::done(). Throws ConfigError, with the place, for invalid settings.
///
/// The subscription is exact: the rule's apply() gets no other events. If a required image is missing,
/// apply() is not called and the event becomes a dead letter.
Subscription read_selection(const Settings& settings, const std::string& collection,
                            Tells tells = Tells::of_documents);

/// The same settings for several collections.
std::vector<Subscription> read_selections(const Settings& settings,
                                          const std::vector<std::string>& collections,
                                          Tells tells = Tells::of_documents);
std::vector<Subscription> read_selections(const Settings& settings, const From& from,
                                          Tells tells = Tells::of_documents);

}  // namespace sluice::rules
