#pragma once

#include <optional>
#include <string>

#include "mongo/client.hpp"
#include "mongo/session_recorder.hpp"

namespace sluice::mongo {

/// How a transaction reads. Batches that read what they copy need one snapshot, on sharded clusters too.
enum class Isolation { local, snapshot };

/// One transaction on one client: begun by the first command, aborted unless commit() succeeded. However it
/// ends, the server is left without it: a transaction that lingers there would keep its locks for a minute.
/// Used by one thread; blocks.
class Transaction {
 public:
  /// `client` must outlive the transaction. `recorder` records the session before the first command; null for
  /// a transaction that writes to the state database alone, or only reads.
  Transaction(mongoc_client_t* client, Isolation isolation, SessionRecorder* recorder);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// The error of starting, if there was one; no other call is valid then.
  const std::optional<Error>& error() const { return error_; }

  Reply command(const std::string& database, bson::View command, Doing doing);

  /// With majority. An error with unknown_commit means: it may have happened.
  std::optional<Error> commit();
  void abort();

 private:
  void kill_session();

  mongoc_client_t* client_;
  Session session_;
  bson::Document options_;  ///< {sessionId}
  std::optional<Error> error_;
  bool open_ = false;
  bool in_doubt_ = false;  ///< the server may still hold it although the driver takes it for ended
};

}  // namespace sluice::mongo
