#pragma once

#include <optional>
#include <string>

#include "mongo/client.hpp"

namespace sluice::mongo {

/// A session on one server, the primary as it was when the session began: a cursor lives on one server, in
/// one session. Used by one thread; blocks. `client` must outlive it.
class PinnedSession {
 public:
  explicit PinnedSession(mongoc_client_t* client) : client_(client) {}
  PinnedSession(const PinnedSession&) = delete;
  PinnedSession& operator=(const PinnedSession&) = delete;

  /// Chooses the primary of now. An earlier session ends.
  std::optional<Error> begin();

  /// Ends the session; the next begins on this client.
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
