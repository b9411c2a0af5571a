#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <thread>

#include "commands.hpp"
#include "data.hpp"
#include "redis.hpp"
#include "report.hpp"
#include "update_many.hpp"
#include "worker.hpp"

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;
using Text = std::unique_ptr<char, Freed<bson_free>>;

constexpr auto kPoll = std::chrono::milliseconds(5);
constexpr double kPatience = 300;  // seconds for the cache to follow a whole storm
constexpr int kReadAhead = 5000;
const std::string kDatabase = "conduit";

/// Whether the rule drops keys or stores documents in them.
enum class Does { drop, keep };

std::string rule_of(Does does) {
  return does == Does::drop ? "  - name: out\n    cache: { from: users, delete: \"u:{id}\" }\n"
                            : "  - name: out\n    cache: { from: users, refresh: { key: \"u:{id}\" } }\n";
}

std::string key_of(const bson_t* event) {
  bson_iter_t iter;
  bson_iter_t id;
  char hex[25] = "";
  if (bson_iter_init(&iter, event) && bson_iter_find_descendant(&iter, "documentKey._id", &id))
    bson_oid_to_string(bson_iter_oid(&id), hex);
  return std::string("u:") + hex;
}

std::string full_document_of(const bson_t* event) {
  bson_iter_t iter;
  if (!bson_iter_init_find(&iter, event, "fullDocument") || !BSON_ITER_HOLDS_DOCUMENT(&iter))
    throw std::runtime_error("an event came without its document; the collection keeps no images");
  std::uint32_t size = 0;
  const std::uint8_t* data = nullptr;
  bson_iter_document(&iter, &size, &data);
  bson_t document;
  if (!bson_init_static(&document, data, size)) throw std::runtime_error("an event's document is none");
  std::size_t length = 0;
  const Text json(bson_as_relaxed_extended_json(&document, &length));
  return {json.get(), length};
}

std::string relaxed(const bson_t* document) {
  const Text json(bson_as_relaxed_extended_json(document, nullptr));
  return json.get();
}

/// The JSON of a document in libbson's format, for comparison; empty if `json` is not a document.
std::string same_json(const std::string& json) {
  bson_t document;
  bson_error_t error;
  if (!bson_init_from_json(&document, json.data(), static_cast<ssize_t>(json.size()), &error)) return {};
  std::string same = relaxed(&document);
  bson_destroy(&document);
  return same;
}

struct Cpu {
  double worker = 0;
  double mongod = 0;
  double redis = 0;
};

struct Round {
  double seconds = 0;  ///< from the updateMany's start until the cache has followed
  Histogram lag;
  double peak_rss_mb = 0;
  Cpu cpu;            ///< CPU seconds in the measured time
  double cursor = 0;  ///< events/s of the bare cursor while the storm is written
  double client = 0;  ///< commands/s of the bare client
};

struct Case {
  Does does = Does::drop;
  std::uint32_t documents = 0;
  std::vector<Round> rounds;

  std::string name() const { return does == Does::drop ? "delete" : "refresh"; }
  double rate(const Round& round) const { return documents / round.seconds; }
};

/// The servers, and the measurements on them.
class CacheStage {
 public:
  CacheStage(const Options& options, const Server& server)
      : options_(options),
        server_(server),
        folder_(options.server.data_parent),
        redis_server_(options.redis_server, options.server.data_parent),
        redis_(redis_server_),
        client_(server.client()) {}

  std::string version() const { return redis_.version(); }

  Case measure(Does does, std::uint32_t documents) {
    Case one{does, documents, {}};
    load(one);
    for (std::uint32_t round = 0; round < options_.rounds; ++round) {
      one.rounds.push_back(measure_round(one));
      std::fprintf(stderr, "cache %s: %s events/s of %s\n", one.name().c_str(),
                   grouped(one.rate(one.rounds.back())).c_str(), grouped(documents).c_str());
    }
    return one;
  }

 private:
  const Options& options_;
  const Server& server_;
  TemporaryDirectory folder_;
  RedisServer redis_server_;
  RedisClient redis_;
  Client client_;
  WorkerOptions worker_;
  StreamShape shape_;

  void load(const Case& one) {
    for (const std::string& name : {kDatabase, std::string("sluice")}) drop(client_, name);
    create(client_, kDatabase, "users");
    insert_many(collection(client_, kDatabase, "users"), one.documents, user);
    worker_ = {.sluice = options_.sluice,
               .flags = options_.worker_flags,
               .folder = folder_.path(),
               .uri = server_.uri(),
               .database = kDatabase,
               .rules = rule_of(one.does),
               .pipeline = "cache-" + one.name() + "-" + std::to_string(one.documents)};
    // Start at the present: a worker must not read the storm written for the bare cursor.
    worker_.flags.insert(worker_.flags.end(), {"--redis-url", redis_server_.url(), "--restart-now"});
    shape_ = observe_stream(server_, worker_);
  }

  Round measure_round(const Case& one) {
    const Moment from = now(client_);
    Round round;
    round.cursor = read_live(one, from);
    const std::vector<RedisCommand> commands = commands_of(one, from);
    prepare(one, commands);
    round.client = one.documents / redis_.pipelined(commands, options_.write_batch);
    prepare(one, commands);
    follow(one, round);
    expect_right(one);
    return round;
  }

  /// Prepares the cache for a storm: all keys exist if the rule drops them, otherwise none.
  void prepare(const Case& one, const std::vector<RedisCommand>& commands) const {
    redis_.ask({"FLUSHALL"});
    if (one.does == Does::keep) return;
    std::vector<RedisCommand> fill;
    for (const RedisCommand& command : commands) fill.push_back({"SET", command.at(1), "filled"});
    redis_.pipelined(fill, options_.write_batch);
  }

  bool followed(const Case& one) const {
    return redis_.keys() == (one.does == Does::drop ? 0 : static_cast<std::int64_t>(one.documents));
  }

  void follow(const Case& one, Round& round) {
    Worker worker(worker_);
    worker.wait_ready();
    const Cpu before = cpu(worker);
    const auto start = Clock::now();
    UpdateMany update(server_, kDatabase);
    while (!followed(one)) wait(worker, start);
    round.seconds = since(start);
    const Cpu after = cpu(worker);
    round.cpu = {after.worker - before.worker, after.mongod - before.mongod, after.redis - before.redis};
    update.seconds();
    while (worker.metrics().value("sluice_events_published_total") < one.documents) wait(worker, start);
    round.lag = worker.metrics().histogram("sluice_event_lag_seconds");
    round.peak_rss_mb = worker.usage().peak_rss_mb;
    worker.stop();
  }

  static void wait(Worker& worker, Clock::time_point start) {
    worker.expect_running();
    if (since(start) > kPatience) throw std::runtime_error("the cache does not come to follow the storm");
    std::this_thread::sleep_for(kPoll);
  }

  /// Throws unless the keys are as the rule should leave them: none, or each with its document.
  void expect_right(const Case& one) const {
    if (!followed(one))
      throw std::runtime_error("the cache holds " + std::to_string(redis_.keys()) + " keys");
    if (one.does == Does::drop) return;
    const Collection users = collection(client_, kDatabase, "users");
    const Bson everything;
    const Cursor cursor(mongoc_collection_find_with_opts(users.get(), everything.get(), nullptr, nullptr));
    for (const bson_t* document = nullptr; mongoc_cursor_next(cursor.get(), &document);) {
      bson_iter_t id;
      char hex[25] = "";
      if (bson_iter_init_find(&id, document, "_id")) bson_oid_to_string(bson_iter_oid(&id), hex);
      if (same_json(redis_.ask({"GET", std::string("u:") + hex})) != relaxed(document))
        throw std::runtime_error(std::string("the key u:") + hex + " does not hold its document");
    }
  }

  Cpu cpu(const Worker& worker) const {
    return {worker.usage().cpu_seconds, server_.usage().cpu_seconds, redis_server_.usage().cpu_seconds};
  }

  double read_live(const Case& one, Moment from) const {
    const Client client = server_.client();
    // With a batch size above the number of events, the last getMore would wait for more.
    const int batch = static_cast<int>(std::min<std::int64_t>(options_.cursor_batch, one.documents));
    const auto start = Clock::now();
    UpdateMany update(server_, kDatabase);
    drain(client, kDatabase, shape_, batch, from, one.documents);
    const double seconds = since(start);
    update.seconds();
    return one.documents / seconds;
  }

  std::vector<RedisCommand> commands_of(const Case& one, Moment from) const {
    std::vector<RedisCommand> commands;
    const Act act = [&](const Event& event) {
      if (one.does == Does::drop) {
        commands.push_back({"UNLINK", key_of(event.document)});
      } else {
        commands.push_back({"SET", key_of(event.document), full_document_of(event.document)});
      }
    };
    const int batch = static_cast<int>(std::min<std::int64_t>(kReadAhead, one.documents));
    drain(server_.client(), kDatabase, shape_, batch, from, one.documents, act);
    return commands;
  }
};

Spread spread_of(const Case& one, const std::function<double(const Round&)>& of) {
  std::vector<double> values;
  for (const Round& round : one.rounds) values.push_back(of(round));
  return spread(values);
}

double lower_ceiling(const Round& round) {
  return std::min(round.cursor, round.client);
}

/// The rate of a machine whose cores first read everything and then send everything.
double both_ceilings(const Round& round) {
  return 1 / (1 / round.cursor + 1 / round.client);
}

Json json_of(const Round& round, const Case& one) {
  const double million = 1e6 / one.documents;
  return Json::object()
      .set("seconds", round.seconds)
      .set("events_per_second", one.rate(round))
      .set("lag_seconds", json_of(round.lag))
      .set("peak_rss_mb", round.peak_rss_mb)
      .set("worker_cpu_us_per_event", round.cpu.worker * million)
      .set("mongod_cpu_us_per_event", round.cpu.mongod * million)
      .set("redis_cpu_us_per_event", round.cpu.redis * million)
      .set("bare_cursor_per_second", round.cursor)
      .set("bare_client_per_second", round.client);
}

Json json_of(const Case& one) {
  Json rounds = Json::list();
  for (const Round& round : one.rounds) rounds.add(json_of(round, one));
  const auto rate = [&](const Round& round) { return one.rate(round); };
  return Json::object()
      .set("rule", one.name())
      .set("documents", one.documents)
      .set("events_per_second", json_of(spread_of(one, rate)))
      .set("of_bare_cursor", json_of(spread_of(one, [&](const Round& r) { return rate(r) / r.cursor; })))
      .set("of_bare_client", json_of(spread_of(one, [&](const Round& r) { return rate(r) / r.client; })))
      .set("of_both_ceilings",
           json_of(spread_of(one, [&](const Round& r) { return rate(r) / both_ceilings(r); })))
      .set("peak_rss_mb", json_of(spread_of(one, [](const Round& r) { return r.peak_rss_mb; })))
      .set("rounds", rounds);
}

std::vector<std::string> row_of(const Case& one) {
  const auto median = [&](const std::function<double(const Round&)>& of) {
    return spread_of(one, of).median;
  };
  const auto rate = [&](const Round& round) { return one.rate(round); };
  const double million = 1e6 / one.documents;
  return {one.name(),
          grouped(one.documents),
          grouped(median(rate)),
          fixed(median([&](const Round& r) { return rate(r) / lower_ceiling(r); }), 2),
          fixed(median([&](const Round& r) { return rate(r) / both_ceilings(r); }), 2),
          grouped(median([](const Round& r) { return r.cursor; })),
          grouped(median([](const Round& r) { return r.client; })),
          milliseconds(median([](const Round& r) { return r.lag.percentile(0.5); })),
          milliseconds(median([](const Round& r) { return r.lag.percentile(0.99); })),
          fixed(median([](const Round& r) { return r.peak_rss_mb; })),
          fixed(median([&](const Round& r) { return r.cpu.worker * million; })),
          fixed(median([&](const Round& r) { return r.cpu.mongod * million; })),
          fixed(median([&](const Round& r) { return r.cpu.redis * million; }))};
}

}  // namespace

/// Measures rules that drop or store a key in Redis for each document of an updateMany. The rivals are a bare
/// cursor and a bare client that sends the same commands, each with the whole machine to itself.
int run_cache(const Options& options, const Server& server) {
  CacheStage stage(options, server);
  Json list = Json::list();
  Table table({"rule", "documents", "events/s", "of lower", "of both", "cursor/s", "client/s", "lag p50",
               "lag p99", "peak MB", "worker us", "mongod us", "redis us"});
  for (const Does does : {Does::drop, Does::keep}) {
    for (const std::uint32_t documents : options.documents) {
      const Case one = stage.measure(does, documents);
      table.row(row_of(one));
      list.add(json_of(one));
    }
  }
  std::printf("%s", table.text().c_str());
  Json json = heading(options, server);
  json.set("redis_server", stage.version()).set("rows", list);
  std::printf("%s\n", save(options, "cache", json).c_str());
  return 0;
}

}  // namespace storm
