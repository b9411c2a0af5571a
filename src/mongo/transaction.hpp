#pragma once

#include <optional>
#include <string>

#include "mongo/client.hpp"
#include "mongo/session_recorder.hpp"

namespace sluice::mongo {

/// The read concern of a transaction. A batch that reads the documents it copies needs one snapshot, on
/// sharded clusters too.
enum class Isolation { local, snapshot };

/// One transaction on one client. It begins with the first command and is aborted unless commit() succeeded.
/// However it ends, it is not left open on the server, where it would keep its locks for a minute. Used by
/// one thread; blocks.
class Transaction {
 public:
  /// `client` must outlive the transaction. `recorder` records the session before the first command; pass
  /// null for a transaction that writes only to the state database or only reads.
  Transaction(mongoc_client_t* client, Isolation isolation, SessionRecorder* recorder);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// The error of the constructor, if it failed. No other call is valid then.
  const std::optional<Error>& error() const { return error_; }

  Reply command(const std::string& database, bson::View command, Doing doing);

  /// Commits with write concern majority. An error with unknown_commit: the transaction may have been
  /// committed.
  std::optional<Error> commit();
  void abort();

 private:
  void kill_session();

  mongoc_client_t* client_;
  Session session_;
  bson::Document options_;  ///< {sessionId}
  std::optional<Error> error_;
  bool open_ = false;
  bool in_doubt_ = false;  ///< the server may hold it open although the driver considers it ended
};

}  // namespace sluice::mongo
