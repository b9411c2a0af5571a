#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "sinks/mongo/documents.hpp"
#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// The documents that rules make: written in the order of their events, and an aggregate's events under
/// numbers without a gap. For one transaction.
class Puts {
 public:
  Puts(mongo::Transaction& transaction, int statement_ms)
      : transaction_(transaction), statement_ms_(statement_ms) {}

  /// Reads where the aggregates stand that `writes` append to. Two transactions that number events of one
  /// aggregate meet at its head: one of them is refused and comes again.
  std::optional<Error> read(const std::vector<Write>& writes);

  /// `write` is the index that an error names. What it points to must outlive `out`.
  void add(const PutWrite& put, std::size_t write, WriteCommands& out);

  /// Behind the last: stores where the aggregates stand now.
  void finish(WriteCommands& out);

 private:
  struct Head {
    const DocumentPlan* plan;
    std::string collection;
    bson::Value aggregate;
    std::int64_t number;
    std::size_t write;  ///< the last that moved it
  };
  using Heads = std::unordered_map<bson::Identity, Head*, IdentityHash>;

  Head& head_of(const PutWrite& put);
  void append(const PutWrite& put, std::size_t write, WriteCommands& out);

  mongo::Transaction& transaction_;
  int statement_ms_;
  Documents documents_;
  std::deque<Head> heads_;
  std::unordered_map<std::string, Heads> heads_by_place_;
};

/// Writes all of them that stand among `writes`.
Ran run_puts(mongo::Transaction& transaction, int statement_ms, const std::vector<Write>& writes,
             std::size_t most_operations = WriteCommands::many);

/// Whether a batch holds such documents.
bool puts_something(const std::vector<Write>& writes);

}  // namespace sluice::sinks
