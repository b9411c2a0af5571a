#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sinks/mongo/documents.hpp"
#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

bool copies_something(const std::vector<Write>& writes);

/// Turns refreshes and fills into write operations: reads the sources (and the targets that no event showed)
/// in the transaction that will write the copies. That is what makes a race harmless: if a source or a target
/// changes between the read and the commit, the server refuses one of the two transactions, and it is
/// repeated.
class Copies {
 public:
  /// At most `most_bytes` are read.
  Copies(mongo::Transaction& transaction, int statement_ms, std::size_t most_bytes = SIZE_MAX)
      : transaction_(transaction), statement_ms_(statement_ms), most_bytes_(most_bytes) {}

  /// Reads what all of the batch's refreshes and fills need, in few commands; too_slow where that has more
  /// bytes than it may.
  std::optional<Error> read(const std::vector<Write>& writes);

  std::size_t bytes_read() const { return targets_.bytes() + sources_.bytes(); }

  /// Adds the copies that `write`, the batch's write at `index`, makes: a fill, or a refresh if `refreshes`.
  /// Nothing for any other write.
  void add(const Write& write, std::size_t index, bool refreshes, WriteCommands& out) const;

  /// A refresh of some of its targets only.
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
  Documents targets_;  // apart from the sources: one collection may be both, read for different fields
  Documents sources_;
};

}  // namespace sluice::sinks
