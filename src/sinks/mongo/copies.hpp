#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sinks/mongo/documents.hpp"
#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

bool copies_something(const std::vector<Write>& writes);

/// Turns refreshes and fills into write operations. It reads the sources (and targets that no event
/// contained) in the transaction that writes the copies. So races are harmless: if a source or a target
/// changes between the read and the commit, the server refuses one of the two transactions, and that one is
/// repeated.
class Copies {
 public:
  /// Reads at most `most_bytes`.
  Copies(mongo::Transaction& transaction, int statement_ms, std::size_t most_bytes = SIZE_MAX)
      : transaction_(transaction), statement_ms_(statement_ms), most_bytes_(most_bytes) {}

  /// Reads the documents for all refreshes and fills of the batch, with few commands. Returns too_slow if
  /// they have more bytes than allowed.
  std::optional<Error> read(const std::vector<Write>& writes);

  std::size_t bytes_read() const { return targets_.bytes() + sources_.bytes(); }

  /// Adds the operations for `write`, which has the index `index` in the batch, if it is a fill or, with
  /// `refreshes`, a refresh. Other writes are ignored.
  void add(const Write& write, std::size_t index, bool refreshes, WriteCommands& out) const;

  /// Adds the operations that refresh only the given targets.
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
  Documents targets_;  // separate from the sources, because the fields that are read differ even if the
                       // collection is the same
  Documents sources_;
};

}  // namespace sluice::sinks
