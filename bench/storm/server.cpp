#include "server.hpp"

#include <chrono>
#include <cstdlib>
#include <thread>

namespace storm {
namespace {

using namespace std::chrono_literals;
constexpr auto kStartTimeout = 60s;

std::string mongod_path(const ServerOptions& options) {
  if (!options.mongod.empty()) return options.mongod;
  if (const char* named = std::getenv("SLUICE_MONGOD"); named != nullptr) return named;
  const std::string found = output_of(STORM_FIND_MONGOD);
  if (found.empty()) throw std::runtime_error("no mongod: name one by --mongod or SLUICE_MONGOD");
  return found;
}

/// Calls `attempt` until it returns true.
template <class Attempt>
void eventually(const char* what, Attempt attempt) {
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  for (;;) {
    try {
      if (attempt()) return;
    } catch (const MongoError& error) {
      if (std::chrono::steady_clock::now() > deadline) throw;
    }
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error(what);
    std::this_thread::sleep_for(50ms);
  }
}

}  // namespace

Server::Server(const ServerOptions& options) : directory_(options.data_parent) {
  const int port = free_port();
  const std::string& folder = directory_.path();
  process_ = std::make_unique<Process>(
      std::vector<std::string>{mongod_path(options), "--dbpath", folder, "--port", std::to_string(port),
                               "--bind_ip", "127.0.0.1", "--replSet", "rs0", "--oplogSize",
                               std::to_string(options.oplog_mb), "--wiredTigerCacheSizeGB",
                               std::to_string(options.cache_gb), "--logpath", folder + "/mongod.log"},
      folder + "/output.log");
  initiate(port);
}

void Server::initiate(int port) {
  const std::string host = "127.0.0.1:" + std::to_string(port);
  {
    const Client direct =
        connect("mongodb://" + host + "/?directConnection=true&serverSelectionTimeoutMS=500");
    eventually("mongod did not start (is SLUICE_MONGOD or --mongod right?)", [&] {
      if (!process_->running()) throw std::runtime_error("mongod ended at once: is SLUICE_MONGOD right?");
      command(direct, "admin", R"({"ping":1})");
      return true;
    });
    command(direct, "admin",
            R"({"replSetInitiate":{"_id":"rs0","members":[{"_id":0,"host":")" + host + R"("}]}})");
  }
  uri_ = "mongodb://" + host + "/?replicaSet=rs0";
  const Client client = connect(uri_ + "&serverSelectionTimeoutMS=500");
  eventually("the replica set elected no primary", [&] {
    bson_iter_t iter;
    const Bson hello = command(client, "admin", R"({"hello":1})");
    return bson_iter_init_find(&iter, hello.get(), "isWritablePrimary") && bson_iter_as_bool(&iter);
  });
}

std::string Server::version() const {
  const Bson reply = command(client(), "admin", R"({"buildInfo":1})");
  bson_iter_t iter;
  return bson_iter_init_find(&iter, reply.get(), "version") ? bson_iter_utf8(&iter, nullptr) : "unknown";
}

}  // namespace storm
