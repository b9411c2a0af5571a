#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "sinks/mongo/documents.hpp"
#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// Writes the documents that rules make, in the order of their events, in one transaction. The events of an
/// aggregate are numbered without gaps.
class Puts {
 public:
  Puts(mongo::Transaction& transaction, int statement_ms)
      : transaction_(transaction), statement_ms_(statement_ms) {}

  /// Reads the last number of each aggregate that `writes` append to. If two transactions append to the same
  /// aggregate, both update its head document; the server refuses one, and it is repeated.
  std::optional<Error> read(const std::vector<Write>& writes);

  /// Adds a document. `write`: the index that an error reports. What the document points to must outlive
  /// `out`.
  void add(const PutWrite& put, std::size_t write, WriteCommands& out);

  /// Call after the last document: stores the new last numbers of the aggregates.
  void finish(WriteCommands& out);

 private:
  struct Head {
    const DocumentPlan* plan;
    std::string collection;
    bson::Value aggregate;
    std::int64_t number;
    std::size_t write;  ///< index of the last write that appended to it
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

/// Writes all made documents among `writes`.
Ran run_puts(mongo::Transaction& transaction, int statement_ms, const std::vector<Write>& writes,
             std::size_t most_operations = WriteCommands::many);

/// Whether a batch contains made documents.
bool puts_something(const std::vector<Write>& writes);

}  // namespace sluice::sinks
