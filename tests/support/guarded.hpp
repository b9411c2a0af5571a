#pragma once

#include <string>

#include "support/mongod.hpp"

namespace sluice::test {

/// The file with the secret that the members of a replica set share. Only its owner may read it, as mongod
/// requires.
struct KeyFile {
  KeyFile();
  TemporaryDirectory folder;
  std::string path;
};

/// A replica set of one node that requires a login. uri() logs in as `root`, who may do everything.
class GuardedReplicaSet : private KeyFile, public ReplicaSet {
 public:
  GuardedReplicaSet();

  /// Creates a user with these roles, in Extended JSON: `{"role":"readWrite","db":"shop"}, ...`.
  void make_user(const std::string& name, const std::string& password, const std::string& roles);
  /// Creates a role with these privileges:
  /// `{"resource":{"db":"shop","collection":""},"actions":["find"]}, ...`.
  void make_role(const std::string& name, const std::string& privileges);
  void drop_user(const std::string& name);
  void change_password(const std::string& name, const std::string& password);
  /// Ends all sessions of all clients, with their transactions and cursors.
  void kill_sessions();

  std::string uri_of(const std::string& name, const std::string& password) const {
    return uri_for(name + ":" + password);
  }
  std::string uri_without_user() const { return uri_for(""); }
};

}  // namespace sluice::test
