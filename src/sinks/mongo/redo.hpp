#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/state_names.hpp"
#include "core/batch.hpp"
#include "mongo/session_recorder.hpp"
#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// How an attempt to carry out a dead letter ended.
struct Redone {
  enum class End { done, gone, failed };
  End end = End::failed;
  std::optional<Error> error;  ///< with failed; with unknown_commit it may have been done all the same
};

/// Carries out what a dead letter asks for, in one transaction with the letter's removal: both happen, or
/// neither. Of several that try at once one finds the letter, and an attempt whose answer was lost has done
/// everything or left the letter where it was. For one thread; blocks; does not throw.
class Redo {
 public:
  /// `client` must outlive it.
  Redo(mongoc_client_t* client, const std::string& pipeline, std::string state_database, int statement_ms)
      : client_(client),
        state_database_(std::move(state_database)),
        recorder_(state_database_, state::sessions, pipeline),
        statement_ms_(statement_ms) {}

  /// One attempt. Refreshes of too many targets for one transaction, or with one that refuses, are carried
  /// out in pieces beforehand, each while the letter is there.
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
