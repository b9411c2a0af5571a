#pragma once

#include <functional>
#include <vector>

#include "core/batch.hpp"
#include "mongo/transaction.hpp"

namespace sluice::sinks {

/// The result of a refresh that was carried out in pieces.
struct FanOutResult {
  std::optional<Error> error;  ///< the refresh failed and has to be repeated
  bool guard_held = false;     ///< the guard matched in at least one piece
  std::uint64_t documents = 0;
  std::uint64_t refused = 0;     ///< targets that the server refused to update
  std::optional<Error> refusal;  ///< why it refused the first of them
};

/// Carries out a refresh in pieces, each in its own transaction under the caller's guard. Used if a refresh
/// has too many targets for one transaction, or if a target refuses its update. Repeating a piece is
/// harmless, so the lane's position may be stored later.
class FanOut {
 public:
  /// The first statement of each piece. It writes to the caller's own document without changing its meaning,
  /// so that the server refuses one of two transactions if somebody takes over meanwhile. Returns fenced if
  /// somebody already has.
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
