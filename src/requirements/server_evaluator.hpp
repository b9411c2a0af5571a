#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mongo/client.hpp"
#include "requirements/requirements.hpp"

namespace sluice::requirements {

/// The bytes of a document.
using OwnedDocument = std::vector<std::uint8_t>;

inline bson::View view_of(const OwnedDocument& document) {
  return {document.data(), document.size()};
}

/// Whether the server decides for these rules which events they get, or removes fields from them.
bool needs_judge(const Rules& rules);

/// Has the server treat `events` as in a change stream for these rules. `out` gets the events that are for
/// some rule, with the values that the rules have the server compute. Blocks.
std::optional<Error> judge(mongoc_client_t* client, const std::string& database, const Rules& rules,
                           const std::vector<OwnedDocument>& events, std::vector<OwnedDocument>& out);

}  // namespace sluice::requirements
