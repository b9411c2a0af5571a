#pragma once

#include <functional>
#include <vector>

#include "core/batch.hpp"
#include "mongo/transaction.hpp"

namespace sluice::sinks {

/// How a refresh went that was carried out in pieces.
struct FanOutResult {
  std::optional<Error> error;  ///< of the whole: not carried out, to be repeated
  bool guard_held = false;     ///< the guard matched for a piece at least
  std::uint64_t documents = 0;
  std::uint64_t refused = 0;     ///< targets that the server would not let be written
  std::optional<Error> refusal;  ///< the first one's reason
};

/// A refresh whose targets are too many for one transaction, or of which one refuses: piece by piece, each
/// piece a transaction of its own under the guard of whoever asks. Repeating it does no harm, so what it
/// belongs to (the lane's position) may follow later.
class FanOut {
 public:
  /// The first statement of each piece: writes to what must not be taken over meanwhile, without changing
  /// what it means, so that the server refuses one of the two. Fenced when it is taken over already.
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
