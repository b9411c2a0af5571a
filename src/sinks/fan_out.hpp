#pragma once

#include <string>
#include <vector>

#include "mongo/transaction.hpp"
#include "sluice/sink.hpp"

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
/// piece a transaction of its own under the lane's guard. Repeating it does no harm, so the position may
/// follow later.
class FanOut {
 public:
  FanOut(mongoc_client_t* client, const std::string& state_database, const LaneGuard& guard, int statement_ms)
      : client_(client), state_database_(state_database), guard_(guard), statement_ms_(statement_ms) {}

  FanOutResult run(const RefreshWrite& write);

 private:
  bool write_next(const RefreshWrite& write, mongoc_cursor_t* cursor, FanOutResult& result);
  void write_piece(const RefreshWrite& write, const std::vector<bson::Value>& ids, FanOutResult& result);
  std::optional<Error> try_piece(const RefreshWrite& write, const std::vector<bson::Value>& ids,
                                 FanOutResult& result);
  std::optional<Error> hold_guard(mongo::Transaction& transaction);

  mongoc_client_t* client_;
  const std::string& state_database_;
  const LaneGuard& guard_;
  int statement_ms_;
};

}  // namespace sluice::sinks
