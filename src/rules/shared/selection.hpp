#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/shared/collection_names.hpp"
#include "sluice/rule.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// What a rule may be told of, beside the changes of documents.
enum class Tells : std::uint8_t { of_documents, of_collections };

/// What of a collection a rule reads, as its settings state it: `operations`, `fields`, `where`,
/// `when`, `full_document`, `before`, `redact` and `project`, none of which has to be there. All are asked
/// for, so that Settings::done() knows them. Throws ConfigError, with the place, for what cannot be meant.
///
/// What the subscription asks for is kept exactly: the rule's apply() sees no other event, and where an image
/// is required and missing it is not called, for the event goes to the dead letters by itself.
Subscription read_selection(const Settings& settings, const std::string& collection,
                            Tells tells = Tells::of_documents);

/// The same of several collections alike.
std::vector<Subscription> read_selections(const Settings& settings,
                                          const std::vector<std::string>& collections,
                                          Tells tells = Tells::of_documents);
std::vector<Subscription> read_selections(const Settings& settings, const From& from,
                                          Tells tells = Tells::of_documents);

}  // namespace sluice::rules
