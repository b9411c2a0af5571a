#pragma once

#include <mongoc/mongoc.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/bson.hpp"
#include "sluice/error.hpp"

namespace sluice::mongo {

/// For a URI with which no server could be selected. Asks its hosts directly and describes what answers
/// instead of the replica set that the URI names: another set, or a server that is in none. Returns "" if
/// nothing answers, or if what answers is no reason to give up. Asks three hosts at most, and blocks for a
/// second at most for each.
std::string who_answers_instead(const mongoc_uri_t* uri);

/// For a URI with which no server could be reached. If `error` is about the name in a TLS certificate,
/// describes which names the certificate has and which name was expected. Looks at three hosts of the URI at
/// most, then at three members that the first host lists, and describes the first mismatch. Returns "" for
/// other errors. Blocks for a second at most for each host.
std::string wrong_certificate(const mongoc_uri_t* uri, const Error& error);

/// For a URI with which no server could be selected. Describes a host that is started as a member of a
/// replica set and has no configuration of one yet. Returns "" if there is none. Asks three hosts at most,
/// and blocks for a second at most for each.
std::string not_initiated(const mongoc_uri_t* uri);

/// The same for the reply of `host` to the hello command.
std::string not_initiated(const bson::View& hello, const std::string& host);

/// One host's answer to the hello command.
struct HostAnswer {
  std::string host;
  bool answered = false;
  std::string wrong;     ///< if it answered: why it is not what the URI asks for
  std::string silence;   ///< if it did not answer: why
  bool passing = false;  ///< `wrong` may pass: the host may still be starting
};

/// What a worker finds at its URI's hosts before it connects to the deployment.
struct FirstLook {
  enum class Found : std::uint8_t {
    server,  ///< a suitable server, or the hosts are not known yet
    nobody,  ///< no suitable server, and not all hosts answered, or some are starting
    others,  ///< all hosts answered, and none is suitable
  };
  Found found = Found::server;
  std::string why;  ///< one reason for each host; empty if a server was found
};
FirstLook judge(const std::vector<HostAnswer>& answers);

/// Asks the URI's hosts directly, all at once and without logging in. Blocks for about a second at most,
/// whatever the URI's own time limits are.
FirstLook look_at_hosts(const mongoc_uri_t* uri);

}  // namespace sluice::mongo
