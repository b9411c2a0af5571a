#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mongo/client.hpp"
#include "requirements/requirements.hpp"

namespace sluice::requirements {

/// A document with the memory that it stands in.
using OwnedDocument = std::vector<std::uint8_t>;

inline bson::View view_of(const OwnedDocument& document) {
  return {document.data(), document.size()};
}

/// Whether the server has a say in which events are for the rules, or in what they see of them.
bool needs_judge(const Rules& rules);

/// Has the server do with events at hand what it would do in a change stream for these rules: what is for
/// none is left out, and what the rules want made is there. Blocks.
std::optional<Error> judge(mongoc_client_t* client, const std::string& database, const Rules& rules,
                           const std::vector<OwnedDocument>& events, std::vector<OwnedDocument>& out);

}  // namespace sluice::requirements
