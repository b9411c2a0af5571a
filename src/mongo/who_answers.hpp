#pragma once

#include <mongoc/mongoc.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/error.hpp"

namespace sluice::mongo {

/// For a URI by which no server was selected: asks each of its hosts directly, and says what answers there
/// instead of the replica set that the URI names: another set, or a server that is in none. "" where nothing
/// answers, or what answers is no reason to give up. Blocks for a second at most for each of three hosts.
std::string who_answers_instead(const mongoc_uri_t* uri);

/// For a URI by which no server was reached: where the error is about the name in a certificate, which names
/// it has and which was wanted, for the first of three hosts of the URI, or of three members that the first
/// host leads to. "" for other errors. Blocks for a second at most for each of them.
std::string wrong_certificate(const mongoc_uri_t* uri, const Error& error);

/// What one host said to a hello.
struct HostAnswer {
  std::string host;
  bool answered = false;
  std::string wrong;    ///< with an answer: why it is not what the URI wants
  std::string silence;  ///< without one: why
};

/// What a worker finds at its URI's hosts before it connects.
struct FirstLook {
  enum class Found : std::uint8_t {
    server,  ///< one that will do, or nothing is known yet
    nobody,  ///< not one that will do, and not all answered
    others,  ///< all answered, and none will do
  };
  Found found = Found::server;
  std::string why;  ///< unless a server was found: one reason for each host
};
FirstLook judge(const std::vector<HostAnswer>& answers);

/// Asks the URI's hosts directly, all at once and without logging in. Blocks for about a second at most,
/// whatever the URI's own time limits are.
FirstLook look_at_hosts(const mongoc_uri_t* uri);

}  // namespace sluice::mongo
