#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sinks/mongo/documents.hpp"
#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

bool copies_something(const std::vector<Write>& writes);

/// Turns refreshes and fills into write operations. Reads the sources, and the targets that their events do
/// not contain, in the same transaction that writes the copies. So races do no harm: if a source or a target
/// changes between the read and the commit, the server refuses one of the two transactions, and it is
/// retried.
class Copies {
 public:
  /// read() reads at most `most_bytes`.
  Copies(mongo::Transaction& transaction, int statement_ms, std::size_t most_bytes = SIZE_MAX)
      : transaction_(transaction), statement_ms_(statement_ms), most_bytes_(most_bytes) {}

  /// Reads the documents that the batch's refreshes and fills need, in few commands. Fails with too_slow if
  /// they exceed `most_bytes`.
  std::optional<Error> read(const std::vector<Write>& writes);

  std::size_t bytes_read() const { return targets_.bytes() + sources_.bytes(); }

  /// Adds the operations of `write`, the batch's write at `index`, if it is a fill, or if it is a refresh and
  /// `refreshes` is true. Otherwise adds nothing.
  void add(const Write& write, std::size_t index, bool refreshes, WriteCommands& out) const;

  /// Adds a refresh of the targets `target_ids` only.
  void add_piece(const RefreshWrite& write, const std::vector<bson::Value>& target_ids,
                 WriteCommands& out) const;

 private:
  bson::View target_of(const FillWrite& write) const;
  void want_source(const CopyPlan& plan, const bson::Value& id);
  bson::View source(const CopyPlan& plan, const bson::Value& id) const;
  void fill(const FillWrite& write, std::size_t index, WriteCommands& out) const;
  void refresh(const RefreshWrite& write, const std::vector<bson::Value>* only, std::size_t index,
               WriteCommands& out) const;

  mongo::Transaction& transaction_;
  int statement_ms_;
  std::size_t most_bytes_;
  Documents targets_;  // separate from sources_: a collection may be both, with different fields to read
  Documents sources_;
};

}  // namespace sluice::sinks
