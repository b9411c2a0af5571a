#include "support/guarded.hpp"

#include <filesystem>

namespace sluice::test {

namespace {

using workbench::Mongo;

constexpr const char* root = "root";
constexpr const char* root_password = "rootsecret";

std::string user_command(const std::string& name, const std::string& password, const std::string& roles) {
  return "{\"createUser\":" + workbench::quoted(name) + ",\"pwd\":" + workbench::quoted(password) +
         ",\"roles\":[" + roles + "]}";
}

}  // namespace

KeyFile::KeyFile() : path(folder.write("key", "c2x1aWNlIHRlc3RzIGtlZXAgbm8gc2VjcmV0cw==")) {
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
}

GuardedReplicaSet::GuardedReplicaSet() : ReplicaSet({"--keyFile", path}, "") {
  // While there is no user, a client on this machine may create the first one.
  Mongo first(node(0).host().insert(0, "mongodb://") + "/?directConnection=true", "admin");
  first.command(user_command(root, root_password, R"({"role":"root","db":"admin"})"));
  log_in(std::string(root) + ":" + root_password);
}

void GuardedReplicaSet::make_user(const std::string& name, const std::string& password,
                                  const std::string& roles) {
  Mongo(uri(), "admin").command(user_command(name, password, roles));
}

void GuardedReplicaSet::make_role(const std::string& name, const std::string& privileges) {
  Mongo(uri(), "admin")
      .command("{\"createRole\":" + workbench::quoted(name) + ",\"privileges\":[" + privileges +
               "],\"roles\":[]}");
}

void GuardedReplicaSet::drop_user(const std::string& name) {
  Mongo(uri(), "admin").command("{\"dropUser\":" + workbench::quoted(name) + "}");
}

void GuardedReplicaSet::change_password(const std::string& name, const std::string& password) {
  Mongo(uri(), "admin")
      .command("{\"updateUser\":" + workbench::quoted(name) + ",\"pwd\":" + workbench::quoted(password) +
               "}");
}

void GuardedReplicaSet::kill_sessions() {
  Mongo(uri(), "admin").command(R"({"killAllSessions":[]})");
}

}  // namespace sluice::test
