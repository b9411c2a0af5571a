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

/// The copies of a batch need more memory than it was given for them: fewer events are to be sent at once.
Error too_much_copied(std::size_t most_bytes);

/// Documents read by _id inside a transaction, and the replies that hold them.
class Documents {
 public:
  /// Ask for one document; `fields` are the paths that will be looked at. Repeated asking costs nothing.
  void want(const std::string& database, const std::string& collection, const bson::Value& id,
            const std::vector<const std::string*>& fields);

  /// Reads everything that was asked for since the last call. Gives up with too_slow once all the answers
  /// together have more than `most_bytes`.
  std::optional<Error> read(mongo::Transaction& transaction, int statement_ms,
                            std::size_t most_bytes = SIZE_MAX);

  /// What all answers have together.
  std::size_t bytes() const { return bytes_; }

  /// The document, or an absent view when there is none. Valid while this object lives.
  bson::View find(const std::string& database, const std::string& collection, const bson::Value& id) const;

 private:
  struct Wanted {
    const std::string* database;
    const std::string* collection;
    std::vector<bson::Value> ids;
    std::vector<const std::string*> fields;
    DocumentsById found;
    std::size_t read = 0;  ///< how many of the ids were read already
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
  std::deque<mongo::Reply> replies_;  // a deque: the documents found point into them
  std::size_t bytes_ = 0;
};

}  // namespace sluice::sinks
