#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice::mongo {

/// What the user of a connection may do, as the server tells it.
class Privileges {
 public:
  /// `status`: the reply to {connectionStatus: 1, showPrivileges: true}.
  static Privileges read(bson::View status);

  /// Nobody has logged in: whether that matters is the server's to say.
  bool anonymous() const { return user_.empty(); }
  const std::string& user() const { return user_; }
  const std::string& user_database() const { return user_database_; }

  /// Whether the action is allowed on a collection, or, where `collection` is "", on the database as a whole,
  /// as a change stream on the database asks for it. Not for collections whose name starts with "system.":
  /// for those the server goes by other rules.
  bool may(std::string_view action, std::string_view database, std::string_view collection) const;

 private:
  /// Actions on what the two names match; an empty name matches all.
  struct Grant {
    std::string database;
    std::string collection;
    std::set<std::string, std::less<>> actions;
  };

  std::string user_;
  std::string user_database_;
  std::vector<Grant> grants_;
};

}  // namespace sluice::mongo
