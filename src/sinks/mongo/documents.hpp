#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "mongo/transaction.hpp"

namespace sluice::sinks {

struct IdentityHash {
  std::size_t operator()(const bson::Identity& identity) const { return identity.hash(0); }
};
using DocumentsById = std::unordered_map<bson::Identity, bson::View, IdentityHash>;

/// The too_slow error of a batch whose copies need more than `most_bytes` of memory. The lane then sends
/// fewer events at once.
Error too_much_copied(std::size_t most_bytes);

/// Reads documents by _id inside a transaction, and owns the replies that contain them.
class Documents {
 public:
  /// Requests one document; `fields` are the paths to read. A document that is requested again is read once.
  void want(const std::string& database, const std::string& collection, const bson::Value& id,
            const std::vector<const std::string*>& fields);

  /// Reads all documents requested since the last call. Fails with too_slow as soon as all replies together
  /// exceed `most_bytes`.
  std::optional<Error> read(mongo::Transaction& transaction, int statement_ms,
                            std::size_t most_bytes = SIZE_MAX);

  /// Size of all replies together.
  std::size_t bytes() const { return bytes_; }

  /// The document, or an absent view if it does not exist. Valid while this object lives.
  bson::View find(const std::string& database, const std::string& collection, const bson::Value& id) const;

 private:
  struct Wanted {
    const std::string* database;
    const std::string* collection;
    std::vector<bson::Value> ids;
    std::vector<const std::string*> fields;
    DocumentsById found;
    std::size_t read = 0;  ///< number of ids already read
  };

  template <typename Groups>
  static auto* group(Groups& groups, const std::string& database, const std::string& collection);
  struct Limits {
    int statement_ms;
    std::size_t most_bytes;
  };
  std::optional<Error> read_group(mongo::Transaction& transaction, Limits limits, Wanted& wanted);
  std::optional<Error> read_reply(mongo::Transaction& transaction, Limits limits, mongo::Reply first,
                                  Wanted& wanted);

  std::vector<Wanted> groups_;
  std::deque<mongo::Reply> replies_;  // a deque, since the documents found point into its elements
  std::size_t bytes_ = 0;
};

}  // namespace sluice::sinks
