#include "support/mongod.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>

#include "workbench/eventually.hpp"
#include "workbench/replica_set.hpp"

namespace sluice::test {
namespace {

using workbench::Mongo;
using workbench::MongoError;

constexpr const char* set_name = "rs0";

/// The path of mongod: SLUICE_MONGOD, which tools/test sets, or else the output of tools/mongod.
const std::string& mongod_path() {
  static const std::string path = tool_output("SLUICE_MONGOD", "mongod");
  if (path.empty()) throw std::runtime_error("no mongod: set SLUICE_MONGOD or see tools/mongod");
  return path;
}

}  // namespace

MongodProcess::MongodProcess(std::string replica_set, Network network, std::vector<std::string> arguments)
    : replica_set_(std::move(replica_set)), arguments_(std::move(arguments)) {
  start();
  if (network == Network::proxied) proxy_ = std::make_unique<workbench::TcpProxy>(port_.number());
}

void MongodProcess::start() {
  const auto folder = folder_.path();
  std::vector<std::string> command = {mongod_path(), "--dbpath", folder.string(), "--port", port_.text(),
                                      "--bind_ip", "127.0.0.1", "--nounixsocket", "--wiredTigerCacheSizeGB",
                                      "0.5", "--setParameter", "diagnosticDataCollectionEnabled=false",
                                      // Enables fail points: lost replies, and errors on request.
                                      "--setParameter", "enableTestCommands=1"};
  if (!replica_set_.empty()) command.insert(command.end(), {"--replSet", replica_set_});
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  // mongod accepts each option only once.
  if (std::ranges::find(arguments_, "--oplogSize") == arguments_.end())
    command.insert(command.end(), {"--oplogSize", "1024"});
  process_ = std::make_unique<Process>(Process::Options{
      .command = command, .environment = {}, .out = folder / "mongod.log", .err = folder / "mongod.log"});
}

void MongodProcess::stop() const {
  process_->signal(SIGSTOP);
}
void MongodProcess::cont() const {
  process_->signal(SIGCONT);
}
void MongodProcess::restart() {
  start();
}

ReplicaSet::ReplicaSet(int nodes, Network network) {
  for (int i = 0; i < nodes; ++i) nodes_.push_back(std::make_unique<MongodProcess>(set_name, network));
  workbench::initiate_replica_set(set_name, hosts());
}

ReplicaSet::ReplicaSet(const std::vector<std::string>& arguments, std::string options)
    : options_(std::move(options)) {
  nodes_.push_back(std::make_unique<MongodProcess>(set_name, Network::direct, arguments));
  workbench::initiate_replica_set(set_name, hosts(), options_);
}

std::vector<std::string> ReplicaSet::hosts() const {
  std::vector<std::string> hosts;
  for (const auto& node : nodes_) hosts.push_back(node->host());
  return hosts;
}

std::string ReplicaSet::uri() const {
  return uri_for(login_);
}

std::string ReplicaSet::uri_for(const std::string& login) const {
  return complete(workbench::replica_set_uri(set_name, hosts()), login);
}

std::string ReplicaSet::complete(std::string uri, const std::string& login) const {
  const std::string scheme = "mongodb://";
  if (!login.empty()) uri = scheme + login + "@" + uri.substr(scheme.size()) + "&authSource=admin";
  return options_.empty() ? uri : uri + "&" + options_;
}

std::string ReplicaSet::direct_uri(const MongodProcess& node) const {
  return complete("mongodb://" + node.direct_host() + "/?directConnection=true", login_);
}

std::string ReplicaSet::patient_uri() const {
  const std::string where = nodes_.size() == 1 ? direct_uri(*nodes_[0]) : uri();
  return where + "&serverSelectionTimeoutMS=60000&serverSelectionTryOnce=false";
}

void ReplicaSet::wait_for_primary() {
  const bool found = workbench::eventually(patience(std::chrono::minutes(1)), [&] {
    try {
      // A new client each time: one whose connection was refused does not try again for five seconds.
      // A member that hangs is not waited for either.
      return Mongo(uri() + "&serverSelectionTimeoutMS=2000&connectTimeoutMS=2000", "admin")
          .command(R"({"hello":1})")
          .boolean("isWritablePrimary");
    } catch (const MongoError&) {
      return false;
    }
  });
  if (!found) throw std::runtime_error("the replica set has no primary");
}

MongodProcess& ReplicaSet::primary() {
  wait_for_primary();
  for (const auto& node : nodes_) {
    Mongo direct(direct_uri(*node) + "&serverSelectionTimeoutMS=2000", "admin");
    try {
      if (direct.command(R"({"hello":1})").boolean("isWritablePrimary")) return *node;
    } catch (const MongoError&) {
      continue;  // this node is down
    }
  }
  throw std::runtime_error("the primary went away while it was looked for");
}

void ReplicaSet::step_down() {
  Mongo mongo(patient_uri(), "admin");
  std::string last;
  // Under load, no secondary may be close enough to the primary at the first attempt.
  const bool done = workbench::eventually(patience(std::chrono::minutes(1)), [&] {
    try {
      mongo.command(R"({"replSetStepDown":5,"secondaryCatchUpPeriodSecs":4})");
      return true;
    } catch (const MongoError& error) {
      last = error.what();
      return false;
    }
  });
  if (!done) throw std::runtime_error(last);
}

}  // namespace sluice::test
