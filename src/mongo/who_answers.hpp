#pragma once

#include <mongoc/mongoc.h>

#include <string>

namespace sluice::mongo {

/// For a URI by which no server was selected: asks each of its hosts directly, and says what answers there
/// instead of the replica set that the URI names: another set, or a server that is in none. "" where nothing
/// answers, or what answers is no reason to give up. Blocks for a second at most for each of three hosts.
std::string who_answers_instead(const mongoc_uri_t* uri);

}  // namespace sluice::mongo
