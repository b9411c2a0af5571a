#pragma once

#include <string>

#include "support/mongod.hpp"

namespace sluice::test {

/// A file that only we may read, as mongod wants the secret that members of a set share.
struct KeyFile {
  KeyFile();
  TemporaryDirectory folder;
  std::string path;
};

/// A replica set of one that requires a login. Its uri() is that of `root`, who may do everything.
class GuardedReplicaSet : private KeyFile, public ReplicaSet {
 public:
  GuardedReplicaSet();

  /// Makes a user out of roles or privileges in Extended JSON: `{"role":"readWrite","db":"shop"}, ...`.
  void make_user(const std::string& name, const std::string& password, const std::string& roles);
  /// Makes a role out of privileges: `{"resource":{"db":"shop","collection":""},"actions":["find"]}, ...`.
  void make_role(const std::string& name, const std::string& privileges);
  void drop_user(const std::string& name);
  void change_password(const std::string& name, const std::string& password);
  /// Ends whatever anybody has under way: transactions, cursors.
  void kill_sessions();

  std::string uri_of(const std::string& name, const std::string& password) const {
    return uri_for(name + ":" + password);
  }
  std::string uri_without_user() const { return uri_for(""); }
};

}  // namespace sluice::test
