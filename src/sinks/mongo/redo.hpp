#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/state_names.hpp"
#include "core/batch.hpp"
#include "mongo/session_recorder.hpp"
#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// The result of an attempt to carry out a dead letter: done, gone (another process has taken the letter), or
/// failed.
struct Redone {
  enum class End { done, gone, failed };
  End end = End::failed;
  std::optional<Error> error;  ///< set if failed; with unknown_commit the attempt may have succeeded
};

/// Carries out a dead letter's effect and removes the letter in one transaction: both happen, or neither. If
/// several processes try at once, only one finds the letter. An attempt whose answer was lost has done
/// everything, or left the letter as it was. For one thread; blocks; does not throw.
class Redo {
 public:
  /// `client` must outlive it.
  Redo(mongoc_client_t* client, const std::string& pipeline, std::string state_database, int statement_ms)
      : client_(client),
        state_database_(std::move(state_database)),
        recorder_(state_database_, state::sessions, pipeline),
        statement_ms_(statement_ms) {}

  /// Makes one attempt. If the transaction fails on a refresh that has too many targets, or a target whose
  /// write the server refuses, the refreshes are carried out in pieces first. Each piece checks that the
  /// letter still exists.
  Redone attempt(const bson::Value& letter, const std::vector<Write>& writes);

  /// Finds out how an attempt ended whose answer was lost: done if the letter no longer exists, otherwise
  /// failed.
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
