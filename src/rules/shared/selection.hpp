#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/shared/collection_names.hpp"
#include "sluice/rule.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// Which changes a rule can subscribe to: those of documents, or also drops and renames of collections.
enum class Tells : std::uint8_t { of_documents, of_collections };

/// Reads which changes of a collection a rule subscribes to, from the optional settings `operations`,
/// `fields`, `where`, `when`, `full_document`, `before`, `redact`, `project` and `own_writes`. Looks up all
/// of them, so that Settings::done() knows them. Throws ConfigError, with the place, for invalid settings.
///
/// The subscription is exact: the rule's apply() sees no other event. An event without a required image goes
/// to the dead letters without a call of apply().
Subscription read_selection(const Settings& settings, const std::string& collection,
                            Tells tells = Tells::of_documents);

/// The same for several collections.
std::vector<Subscription> read_selections(const Settings& settings,
                                          const std::vector<std::string>& collections,
                                          Tells tells = Tells::of_documents);
std::vector<Subscription> read_selections(const Settings& settings, const From& from,
                                          Tells tells = Tells::of_documents);

}  // namespace sluice::rules
