#include "workbench/replica_set.hpp"

#include <stdexcept>

#include "workbench/eventually.hpp"
#include "workbench/mongo.hpp"

namespace workbench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t already_initialized = 23;

template <class Predicate>
void insist(const std::string& on, Predicate holds) {
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

Document configuration(const std::string& name, const std::vector<std::string>& hosts) {
  std::string members;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    members += (i ? "," : "") + ("{\"_id\":" + std::to_string(i) + ",\"host\":" + quoted(hosts[i]) + "}");
  }
  // A short election time-out: whoever starts a set here wants to see it change hands.
  return R"({"replSetInitiate":{"_id":)" + quoted(name) + ",\"members\":[" + members +
         R"(],"settings":{"electionTimeoutMillis":2000,"heartbeatIntervalMillis":500}}})";
}

}  // namespace

std::string replica_set_uri(const std::string& name, const std::vector<std::string>& hosts) {
  std::string list;
  for (const std::string& host : hosts) list += (list.empty() ? "" : ",") + host;
  return "mongodb://" + list + "/?replicaSet=" + name;
}

void initiate_replica_set(const std::string& name, const std::vector<std::string>& hosts) {
  for (const std::string& host : hosts) {
    Mongo direct("mongodb://" + host + "/?directConnection=true&serverSelectionTimeoutMS=1000", "admin");
    insist("no mongod answers at " + host + ":",
           [&] { return direct.command(R"({"ping":1})").integer("ok") == 1; });
  }
  Mongo first("mongodb://" + hosts[0] + "/?directConnection=true", "admin");
  try {
    first.command(configuration(name, hosts));
  } catch (const MongoError& error) {
    if (error.code() != already_initialized) throw;
  }
  Mongo set(replica_set_uri(name, hosts) + "&serverSelectionTimeoutMS=2000", "admin");
  insist("the replica set has no primary:",
         [&] { return set.command(R"({"hello":1})").boolean("isWritablePrimary"); });
}

}  // namespace workbench
