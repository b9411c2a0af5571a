#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "sinks/mongo/documents.hpp"
#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// How documents are written that should not exist yet.
enum class NewDocuments : std::uint8_t {
  insert,  ///< fastest; a document that exists after all fails the transaction with a duplicate key error
  upsert,  ///< leaves a document that exists as it is
};

/// Writes the documents that rules make, in the order of their events, and numbers the events of each
/// aggregate without gaps. For one transaction.
class Puts {
 public:
  Puts(mongo::Transaction& transaction, int statement_ms, NewDocuments new_documents)
      : transaction_(transaction), statement_ms_(statement_ms), new_documents_(new_documents) {}

  /// Call it before add(). Decides which collections' documents are inserted, and reads the last number of
  /// each aggregate that `writes` append to. If two transactions number events of one aggregate at the same
  /// time, they conflict at the document of that number, and one of them is retried.
  std::optional<Error> read(const std::vector<Write>& writes);

  /// Adds the operation of one document. `write` is the index of the write, for Ran::failed_write. The plan
  /// and this object must outlive `out`.
  void add(const PutWrite& put, std::size_t write, WriteCommands& out);

  /// Adds the operations that store the aggregates' new last numbers. Call after the last add().
  void finish(WriteCommands& out);

 private:
  struct Head {
    const DocumentPlan* plan;
    std::string collection;
    bson::Value aggregate;
    std::int64_t number;
    std::size_t write;   ///< index of the last write that raised the number
    bool exists = true;  ///< the document of the number was found, or was not looked for
  };
  using Heads = std::unordered_map<bson::Identity, Head*, IdentityHash>;

  Head& head_of(const PutWrite& put);
  void append(const PutWrite& put, std::size_t write, WriteCommands& out);
  void plan_inserts(const std::vector<Write>& writes);
  bool inserts(const DocumentPlan& plan) const;

  mongo::Transaction& transaction_;
  int statement_ms_;
  NewDocuments new_documents_;
  std::vector<const DocumentPlan*> no_inserts_;  ///< plans with a document that cannot be inserted
  Documents documents_;
  std::deque<Head> heads_;
  std::unordered_map<std::string, Heads> heads_by_place_;
};

/// Writes all documents among `writes`.
Ran run_puts(mongo::Transaction& transaction, int statement_ms, const std::vector<Write>& writes,
             std::size_t most_operations = WriteCommands::many,
             NewDocuments new_documents = NewDocuments::upsert);

/// Whether `writes` contain documents that rules make.
bool puts_something(const std::vector<Write>& writes);

}  // namespace sluice::sinks
