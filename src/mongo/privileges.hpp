#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice::mongo {

/// The rights of a connection's user, as the server reports them.
class Privileges {
 public:
  /// `status`: the reply to {connectionStatus: 1, showPrivileges: true}.
  static Privileges read(bson::View status);

  /// Whether nobody is logged in. Then only the server can say what is allowed: it may not enforce rights at
  /// all.
  bool anonymous() const { return user_.empty(); }
  const std::string& user() const { return user_; }
  const std::string& user_database() const { return user_database_; }

  /// Whether the action is allowed on a collection, or, if `collection` is "", on the whole database, which a
  /// change stream on a database requires. Do not use it for collections whose name starts with "system.":
  /// the server has other rules for them.
  bool may(std::string_view action, std::string_view database, std::string_view collection) const;

 private:
  /// Actions allowed on the collections that both names match; an empty name matches all.
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
