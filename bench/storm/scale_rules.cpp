#include <cstdio>
#include <deque>

#include "data.hpp"
#include "nats.hpp"
#include "redis.hpp"
#include "report.hpp"
#include "scale_parts.hpp"
#include "web_service.hpp"

namespace storm {
namespace {

const std::string kDatabase = "conduit";
constexpr std::size_t kReadAhead = 5000;
constexpr int kOfEach = 10;

/// One updateMany of all users, and rules that react to it.
class Reactions {
 public:
  Reactions(const Options& options, const Server& server)
      : options_(options),
        server_(server),
        folder_(options.server.data_parent),
        nats_server_({}, options.server.data_parent),
        nats_(nats_server_),
        redis_server_({}, options.server.data_parent),
        redis_(redis_server_),
        client_(server.client()) {}

  FleetRun react(int publish, int webhook, int cache) {
    load(publish, webhook, cache);
    const double cpu_of_start = mongod_cpu_of_start(server_, worker_, 0);
    command(client_, kDatabase,
            R"({"update":"users","updates":[{"multi":true,"q":{},"u":{"$inc":{"seen":1}}}]})");
    // Otherwise mongod would still be writing these changes to its files while it is measured.
    command(client_, "admin", R"({"fsync":1})");
    const double idle_cpu_a_second = mongod_idle(server_);
    Fleet fleet(server_, worker_, 1);
    FleetRun run = fleet.run_until([&] { return done(publish, cache); });
    run.mongod_cpu -= cpu_of_start + idle_cpu_a_second * run.seconds;
    fleet.stop();
    return run;
  }

 private:
  const Options& options_;
  const Server& server_;
  TemporaryDirectory folder_;
  NatsServer nats_server_;
  NatsClient nats_;
  RedisServer redis_server_;
  RedisClient redis_;
  Client client_;
  std::deque<WebService> services_;
  WorkerOptions worker_;

  void load(int publish, int webhook, int cache) {
    for (const std::string& name : {kDatabase, std::string("sluice")}) drop(client_, name);
    command(client_, kDatabase, R"({"create":"users"})");
    insert_many(collection(client_, kDatabase, "users"), options_.rule_events, user);
    services_.clear();
    std::string rules;
    for (int i = 0; i < publish; ++i) {
      nats_.remove(stream(i));
      rules += "  - name: publish" + std::to_string(i) +
               "\n    publish: { from: users, stream: " + stream(i) + " }\n";
    }
    for (int i = 0; i < webhook; ++i) {
      rules += "  - name: webhook" + std::to_string(i) + "\n    webhook: { from: users, url: \"" +
               services_.emplace_back().origin() +
               "/users\", concurrency: " + std::to_string(options_.concurrency) +
               ", batch: { size: " + std::to_string(options_.batch_size) + " } }\n";
    }
    for (int i = 0; i < cache; ++i) {
      rules += "  - name: cache" + std::to_string(i) + "\n    cache: { from: users, delete: \"" + prefix(i) +
               "{id}\" }\n";
    }
    fill_cache(cache);
    worker_ = {.sluice = options_.sluice,
               .flags = options_.worker_flags,
               .folder = folder_.path(),
               .uri = server_.uri(),
               .database = kDatabase,
               .rules = rules,
               .pipeline = "scale-rules-" + std::to_string(publish + webhook + cache)};
    worker_.flags.insert(worker_.flags.end(),
                         {"--nats-url", nats_server_.url(), "--redis-url", redis_server_.url()});
  }

  static std::string stream(int i) { return "scale" + std::to_string(i); }
  static std::string prefix(int i) { return "u" + std::to_string(i) + ":"; }

  void fill_cache(int rules) {
    redis_.ask({"FLUSHALL"});
    for (int i = 0; i < rules; ++i) {
      std::vector<RedisCommand> commands;
      for (std::uint32_t number = 0; number < options_.rule_events; ++number) {
        char hex[25];
        const bson_oid_t oid = id(Kind::user, number);
        bson_oid_to_string(&oid, hex);
        commands.push_back({"SET", prefix(i) + hex, "1"});
      }
      redis_.pipelined(commands, kReadAhead);
    }
  }

  bool done(int publish, int cache) const {
    for (int i = 0; i < publish; ++i) {
      if (nats_.held(stream(i)).messages < options_.rule_events) return false;
    }
    for (const WebService& service : services_) {
      if (service.documents() < options_.rule_events) return false;
    }
    return cache == 0 || redis_.keys() == 0;
  }
};

}  // namespace

std::vector<std::vector<ScaleRow>> measure_rules(const Options& options, const Server& server) {
  struct Case {
    const char* name;
    int publish;
    int webhook;
    int cache;
  };
  const std::vector<std::vector<Case>> groups{
      {{"1 publish rule", 1, 0, 0},
       {"10 publish rules", kOfEach, 0, 0},
       {"10 publish, 10 webhook, 10 cache rules", kOfEach, kOfEach, kOfEach}},
      {{"1 webhook rule", 0, 1, 0}, {"10 webhook rules", 0, kOfEach, 0}},
      {{"1 cache rule", 0, 0, 1}, {"10 cache rules", 0, 0, kOfEach}}};
  Reactions reactions(options, server);
  std::vector<std::vector<ScaleRow>> rows;
  for (const auto& group : groups) {
    auto& of_group = rows.emplace_back();
    for (const Case& one : group) {
      ScaleRow& row = of_group.emplace_back();
      row.name = one.name;
      row.events = options.rule_events;
      for (std::uint32_t round = 0; round < options.rounds; ++round) {
        row.rounds.push_back(reactions.react(one.publish, one.webhook, one.cache));
        const FleetRun& run = row.rounds.back();
        std::fprintf(stderr, "%s: %s s, %s us of mongod for an event\n", row.name.c_str(),
                     fixed(run.seconds).c_str(), fixed(run.mongod_cpu * 1e6 / row.events).c_str());
      }
    }
  }
  return rows;
}

}  // namespace storm
