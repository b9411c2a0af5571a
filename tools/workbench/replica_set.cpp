#include "workbench/replica_set.hpp"

#include <stdexcept>

#include "workbench/eventually.hpp"
#include "workbench/mongo.hpp"

namespace workbench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t already_initialized = 23;

template <class Predicate>
void retry_until(const std::string& on, Predicate holds) {
  std::string last;
  const bool ok = eventually(60s, [&] {
    try {
      return holds();
    } catch (const MongoError& error) {
      last = error.what();
      return false;
    }
  });
  if (!ok) throw std::runtime_error(on + " " + last);
}

/// The reply to `hello`. Uses a new client each time: one whose connection was refused does not try again for
/// five seconds.
Document admin_of(const std::string& uri) {
  return Mongo(uri, "admin").command(R"({"hello":1})");
}

std::string direct_uri(const std::string& host, const std::string& options) {
  return "mongodb://" + host + "/?directConnection=true&serverSelectionTimeoutMS=2000" +
         (options.empty() ? "" : "&" + options);
}

Document configuration(const std::string& name, const std::vector<std::string>& hosts) {
  std::string members;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    members += (i ? "," : "") + ("{\"_id\":" + std::to_string(i) + ",\"host\":" + quoted(hosts[i]) + "}");
  }
  // A short election timeout, since tests make the primary change.
  return R"({"replSetInitiate":{"_id":)" + quoted(name) + ",\"members\":[" + members +
         R"(],"settings":{"electionTimeoutMillis":2000,"heartbeatIntervalMillis":500}}})";
}

}  // namespace

std::string replica_set_uri(const std::string& name, const std::vector<std::string>& hosts) {
  std::string list;
  for (const std::string& host : hosts) list += (list.empty() ? "" : ",") + host;
  return "mongodb://" + list + "/?replicaSet=" + name;
}

void initiate_replica_set(const std::string& name, const std::vector<std::string>& hosts,
                          const std::string& options) {
  for (const std::string& host : hosts) {
    retry_until("no mongod answers at " + host + ":",
                [&] { return admin_of(direct_uri(host, options)).integer("ok") == 1; });
  }
  Mongo admin_of_first(direct_uri(hosts[0], options), "admin");
  // On a busy machine a member may not answer the first one in time.
  retry_until("the replica set cannot be initiated:", [&] {
    try {
      admin_of_first.command(configuration(name, hosts));
    } catch (const MongoError& error) {
      if (error.code() != already_initialized) throw;
    }
    return true;
  });
  const std::string uri = replica_set_uri(name, hosts) + "&serverSelectionTimeoutMS=2000" +
                          (options.empty() ? "" : "&" + options);
  retry_until("the replica set has no primary:", [&] { return admin_of(uri).boolean("isWritablePrimary"); });
}

}  // namespace workbench
