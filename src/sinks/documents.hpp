#pragma once

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

/// Documents read by _id inside a transaction, and the replies that hold them.
class Documents {
 public:
  /// Ask for one document; `fields` are the paths that will be looked at. Repeated asking costs nothing.
  void want(const std::string& database, const std::string& collection, const bson::Value& id,
            const std::vector<const std::string*>& fields);

  /// Reads everything that was asked for since the last call.
  std::optional<Error> read(mongo::Transaction& transaction, int statement_ms);

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
  std::optional<Error> read_group(mongo::Transaction& transaction, int statement_ms, Wanted& wanted);
  std::optional<Error> read_reply(mongo::Transaction& transaction, mongo::Reply first, Wanted& wanted);

  std::vector<Wanted> groups_;
  std::deque<mongo::Reply> replies_;  // a deque: the documents found point into them
};

}  // namespace sluice::sinks
