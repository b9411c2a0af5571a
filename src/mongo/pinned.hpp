#pragma once

#include <optional>
#include <string>

#include "mongo/client.hpp"

namespace sluice::mongo {

/// A session whose commands all go to one server: the primary at the time of begin(). A cursor needs this,
/// because it exists on one server and in one session only. Used by one thread; blocks. `client` must outlive
/// it.
class PinnedSession {
 public:
  explicit PinnedSession(mongoc_client_t* client) : client_(client) {}
  PinnedSession(const PinnedSession&) = delete;
  PinnedSession& operator=(const PinnedSession&) = delete;

  /// Selects the current primary and starts a session; ends an earlier one.
  std::optional<Error> begin();

  /// Ends the session. The next begin() uses `client`.
  void move_to(mongoc_client_t* client) {
    session_.reset();
    client_ = client;
  }

  Reply command(const std::string& database, bson::View command) const;

 private:
  mongoc_client_t* client_;
  Session session_;
  bson::Document options_;  ///< {serverId, sessionId}
};

}  // namespace sluice::mongo
