#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/state_names.hpp"
#include "core/batch.hpp"
#include "mongo/session_recorder.hpp"
#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// The result of an attempt to carry out a dead letter.
struct Redone {
  enum class End { done, gone, failed };
  End end = End::failed;
  std::optional<Error>
      error;  ///< set with `failed`; with unknown_commit the transaction may still have been committed
};

/// Carries out a dead letter's effect and deletes the letter in one transaction: both happen, or neither. If
/// several try at once, only one of them finds the letter. After an attempt whose answer was lost, either
/// everything is done or the letter is still there. Used by one thread; blocks; does not throw.
class Redo {
 public:
  /// `client` must outlive it.
  Redo(mongoc_client_t* client, const std::string& pipeline, std::string state_database, int statement_ms)
      : client_(client),
        state_database_(std::move(state_database)),
        recorder_(state_database_, state::sessions, pipeline),
        statement_ms_(statement_ms) {}

  /// Makes one attempt. Refreshes with too many targets for one transaction, or with a target that refuses
  /// its update, are carried out in pieces beforehand; each piece requires that the letter still exists.
  Redone attempt(const bson::Value& letter, const std::vector<Write>& writes);

  /// After an attempt whose answer was lost: whether the letter is gone for good.
  Redone settle(const bson::Value& letter);

 private:
  Redone transact(const bson::Value& letter, const std::vector<Write>& writes, bool refreshes);
  std::optional<Error> take(mongo::Transaction& transaction, const bson::Value& letter, bool& found) const;
  std::optional<Error> hold(mongo::Transaction& transaction, const bson::Value& letter) const;
  Ran write(mongo::Transaction& transaction, const std::vector<Write>& writes, bool refreshes) const;
  std::optional<Error> in_pieces(const bson::Value& letter, const std::vector<Write>& writes);

  mongoc_client_t* client_;
  std::string state_database_;
  mongo::SessionRecorder recorder_;
  int statement_ms_;
};

}  // namespace sluice::sinks
