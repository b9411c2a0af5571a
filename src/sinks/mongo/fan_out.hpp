#pragma once

#include <functional>
#include <vector>

#include "core/batch.hpp"
#include "mongo/transaction.hpp"

namespace sluice::sinks {

/// The result of a refresh that was carried out in pieces.
struct FanOutResult {
  std::optional<Error> error;  ///< set if the refresh was not completed: the caller has to repeat it
  bool guard_held = false;     ///< the guard matched for at least one piece
  std::uint64_t documents = 0;
  std::uint64_t refused = 0;     ///< number of targets whose write the server refused for good
  std::optional<Error> refusal;  ///< the error of the first of them
};

/// Carries out a refresh in pieces: for a refresh with too many targets for one transaction, or with a target
/// whose write the server refuses. Each piece is a transaction of its own under the caller's guard. Repeating
/// a refresh does no harm, so the lane's position may be stored later.
class FanOut {
 public:
  /// The first statement of each piece. It writes to the guard's document (the lane's position, or the dead
  /// letter) without changing its meaning, so the server refuses this transaction or a concurrent takeover.
  /// Returns `fenced` if another process has taken the document over already.
  using Hold = std::function<std::optional<Error>(mongo::Transaction&)>;

  FanOut(mongoc_client_t* client, mongo::SessionRecorder& recorder, Hold hold, int statement_ms)
      : client_(client), recorder_(recorder), hold_(std::move(hold)), statement_ms_(statement_ms) {}

  FanOutResult run(const RefreshWrite& write);

 private:
  bool write_next(const RefreshWrite& write, mongoc_cursor_t* cursor, FanOutResult& result);
  void write_piece(const RefreshWrite& write, const std::vector<bson::Value>& ids, FanOutResult& result);
  std::optional<Error> try_piece(const RefreshWrite& write, const std::vector<bson::Value>& ids,
                                 FanOutResult& result);

  mongoc_client_t* client_;
  mongo::SessionRecorder& recorder_;
  Hold hold_;
  int statement_ms_;
};

}  // namespace sluice::sinks
