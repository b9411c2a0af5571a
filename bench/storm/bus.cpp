#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <thread>

#include "bus.hpp"
#include "data.hpp"
#include "measure.hpp"
#include "report.hpp"
#include "rivals.hpp"
#include "update_many.hpp"

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(5);
constexpr double kPatience = 300;  // seconds until the receiver has the messages of a whole storm
constexpr int kReadAhead = 5000;
constexpr std::uint32_t kWarmUp = 100'000;  // documents
const std::string kDatabase = "conduit";

struct Cpu {
  double worker = 0;
  double mongod = 0;
  double bus = 0;
  double receiver = 0;

  double all() const { return worker + mongod + bus + receiver; }
};

/// The measurements of a worker that runs while the storm is written.
struct Published {
  double seconds = 0;         ///< from the updateMany's start until the receiver has all messages
  double update_seconds = 0;  ///< duration of the updateMany
  Histogram lag;
  Histogram batch_events;
  double peak_rss_mb = 0;
  Cpu cpu;  ///< CPU seconds in the measured time
};

struct BareCursor {
  double per_second = 0;   ///< events
  double cpu_seconds = 0;  ///< of mongod, which writes the storm too, and of the reader
};

struct Round {
  Published ours;
  BareCursor cursor;          ///< while the storm is written
  double backlog_cursor = 0;  ///< events/s of the bare cursor after it has been written
  double publisher = 0;       ///< messages/s of the bare publisher
  double publisher_cpu = 0;   ///< CPU seconds of bus, publisher and receiver
  double loop = 0;            ///< messages/s of the one-at-a-time loop
};

struct Size {
  std::uint32_t documents = 0;
  std::vector<Round> rounds;
  double payload_bytes = 0;

  double rate(const Round& round) const { return documents / round.ours.seconds; }
};

/// The measurements on one bus.
class BusStage {
 public:
  BusStage(const Options& options, const Server& server, Bus& bus)
      : options_(options),
        server_(server),
        bus_(bus),
        folder_(options.server.data_parent),
        client_(server.client()) {}

  /// The first storm costs the servers more than later ones: the JVM of a broker, for example, compiles what
  /// only this load runs.
  void warm_up(std::uint32_t documents) {
    load(documents);
    publish(documents);
  }

  Size measure(std::uint32_t documents) {
    load(documents);
    Size size{documents, {}, 0};
    for (std::uint32_t round = 0; round < options_.rounds; ++round) {
      size.rounds.push_back(measure_round(size));
      std::fprintf(stderr, "%s: %s messages/s of %s\n", bus_.name().c_str(),
                   grouped(size.rate(size.rounds.back())).c_str(), grouped(documents).c_str());
    }
    return size;
  }

 private:
  const Options& options_;
  const Server& server_;
  Bus& bus_;
  TemporaryDirectory folder_;
  Client client_;
  WorkerOptions worker_;
  StreamShape shape_;

  void load(std::uint32_t documents) {
    for (const std::string& name : {kDatabase, std::string("rival"), std::string("sluice")})
      drop(client_, name);
    command(client_, kDatabase, R"({"create":"users"})");
    insert_many(collection(client_, kDatabase, "users"), documents, user);
    worker_ = {.sluice = options_.sluice,
               .flags = options_.worker_flags,
               .folder = folder_.path(),
               .uri = server_.uri(),
               .database = kDatabase,
               .rules = bus_.rules(),
               .pipeline = bus_.name() + "-" + std::to_string(documents)};
    for (const std::string& flag : bus_.flags()) worker_.flags.push_back(flag);
    // Start at the present: a worker must not read the storm written for the bare cursor.
    worker_.flags.emplace_back("--restart-now");
    shape_ = observe_stream(server_, worker_);
  }

  Round measure_round(Size& size) {
    Round round;
    round.ours = publish(size.documents);
    const Moment from = now(client_);
    round.cursor = read_live(size.documents, from);
    round.backlog_cursor =
        drain(server_.client(), kDatabase, shape_, batch(size.documents), from, size.documents)
            .events_per_second();
    const BarePublished bare = bus_.publish_bare([&](const Act& act) {
      drain(server_.client(), kDatabase, shape_, kReadAhead, from, size.documents, act);
    });
    round.publisher = size.documents / bare.seconds;
    round.publisher_cpu = bare.cpu_seconds;
    size.payload_bytes = bare.payload_bytes;
    const auto few = std::min<std::int64_t>(options_.one_at_a_time, size.documents);
    if (few > 0) round.loop = publish_one_at_a_time(from, few);
    return round;
  }

  /// With a batch size above the number of events, the last getMore would wait for more.
  int batch(std::int64_t events) const {
    return static_cast<int>(std::min<std::int64_t>(options_.cursor_batch, events));
  }

  Published publish(std::uint32_t documents) {
    Worker worker(worker_);
    worker.wait_ready();
    bus_.begin();
    const Cpu before = cpu(worker);
    Published out;
    const auto start = Clock::now();
    UpdateMany update(server_, kDatabase);
    while (!bus_.has(documents)) wait(worker, start);
    out.seconds = since(start);
    const Cpu after = cpu(worker);
    out.cpu = {after.worker - before.worker, after.mongod - before.mongod, after.bus - before.bus,
               after.receiver - before.receiver};
    out.update_seconds = update.seconds();
    while (worker.metrics().value("sluice_events_published_total") < documents) wait(worker, start);
    const Metrics metrics = worker.metrics();
    out.lag = metrics.histogram("sluice_event_lag_seconds");
    out.batch_events = metrics.histogram("sluice_batch_events");
    out.peak_rss_mb = worker.usage().peak_rss_mb;
    worker.stop();
    bus_.expect_all(documents);
    return out;
  }

  static void wait(Worker& worker, Clock::time_point start) {
    worker.expect_running();
    if (since(start) > kPatience) throw std::runtime_error("the messages of the storm do not arrive");
    std::this_thread::sleep_for(kPoll);
  }

  Cpu cpu(const Worker& worker) const {
    return {worker.usage().cpu_seconds, server_.usage().cpu_seconds, bus_.usage().cpu_seconds,
            own_cpu_seconds()};
  }

  BareCursor read_live(std::uint32_t documents, Moment from) const {
    const Client client = server_.client();
    const auto cpu = [this] { return server_.usage().cpu_seconds + own_cpu_seconds(); };
    const double before = cpu();
    const auto start = Clock::now();
    UpdateMany update(server_, kDatabase);
    drain(client, kDatabase, shape_, batch(documents), from, documents);
    const BareCursor bare{documents / since(start), cpu() - before};
    update.seconds();
    return bare;
  }

  /// The simplest connector: for each event, publishes it, waits for the acknowledgement, and stores the
  /// token with majority. Returns events per second.
  double publish_one_at_a_time(Moment from, std::int64_t events) const {
    const Client client = server_.client();
    const Collection positions = collection(client, "rival", "position");
    const Act act = [&](const Event& event) {
      bus_.publish_one(event);
      store_token(positions, event.token);
    };
    constexpr int kServersChoice = 0;
    return drain(client, kDatabase, shape_, kServersChoice, from, events, act).events_per_second();
  }
};

Spread spread_of(const Size& size, const std::function<double(const Round&)>& of) {
  std::vector<double> values;
  for (const Round& round : size.rounds) values.push_back(of(round));
  return spread(values);
}

double lower_ceiling(const Round& round) {
  return std::min(round.cursor.per_second, round.publisher);
}

/// The rate of a machine whose cores first read everything and then publish everything.
double both_ceilings(const Round& round) {
  return 1 / (1 / round.cursor.per_second + 1 / round.publisher);
}

/// The CPU time of both ceilings, relative to ours.
double cpu_of_both(const Round& round) {
  return (round.cursor.cpu_seconds + round.publisher_cpu) / round.ours.cpu.all();
}

Json json_of(const Round& round, const Size& size, const Bus& bus) {
  const Published& ours = round.ours;
  const double million = 1e6 / size.documents;
  return Json::object()
      .set("seconds", ours.seconds)
      .set("update_many_seconds", ours.update_seconds)
      .set("messages_per_second", size.rate(round))
      .set("lag_seconds", json_of(ours.lag))
      .set("batch_events", json_of(ours.batch_events))
      .set("peak_rss_mb", ours.peak_rss_mb)
      .set("worker_cpu_us_per_message", ours.cpu.worker * million)
      .set("mongod_cpu_us_per_message", ours.cpu.mongod * million)
      .set(bus.server() + "_cpu_us_per_message", ours.cpu.bus * million)
      .set("receiver_cpu_us_per_message", ours.cpu.receiver * million)
      .set("cpu_us_per_message", ours.cpu.all() * million)
      .set("bare_cursor_per_second", round.cursor.per_second)
      .set("bare_cursor_cpu_us_per_event", round.cursor.cpu_seconds * million)
      .set("bare_cursor_on_backlog_per_second", round.backlog_cursor)
      .set("bare_publisher_per_second", round.publisher)
      .set("bare_publisher_cpu_us_per_message", round.publisher_cpu * million)
      .set("one_at_a_time_per_second", round.loop);
}

Json json_of(const Size& size, const Bus& bus) {
  Json rounds = Json::list();
  for (const Round& round : size.rounds) rounds.add(json_of(round, size, bus));
  const auto rate = [&](const Round& round) { return size.rate(round); };
  return Json::object()
      .set("documents", size.documents)
      .set("payload_bytes", size.payload_bytes)
      .set("messages_per_second", json_of(spread_of(size, rate)))
      .set("of_one_at_a_time", json_of(spread_of(size, [&](const Round& r) { return rate(r) / r.loop; })))
      .set("of_bare_cursor",
           json_of(spread_of(size, [&](const Round& r) { return rate(r) / r.cursor.per_second; })))
      .set("of_bare_publisher",
           json_of(spread_of(size, [&](const Round& r) { return rate(r) / r.publisher; })))
      .set("of_lower_ceiling",
           json_of(spread_of(size, [&](const Round& r) { return rate(r) / lower_ceiling(r); })))
      .set("of_both_ceilings",
           json_of(spread_of(size, [&](const Round& r) { return rate(r) / both_ceilings(r); })))
      .set("cpu_of_both_ceilings", json_of(spread_of(size, cpu_of_both)))
      .set("peak_rss_mb", json_of(spread_of(size, [](const Round& r) { return r.ours.peak_rss_mb; })))
      .set("rounds", rounds);
}

std::vector<std::string> row_of(const Size& size) {
  const auto median = [&](const std::function<double(const Round&)>& of) {
    return spread_of(size, of).median;
  };
  const auto rate = [&](const Round& round) { return size.rate(round); };
  const double million = 1e6 / size.documents;
  return {grouped(size.documents),
          grouped(median(rate)),
          fixed(median([&](const Round& r) { return rate(r) / r.loop; })),
          grouped(median([](const Round& r) { return r.loop; })),
          fixed(median([&](const Round& r) { return rate(r) / lower_ceiling(r); }), 2),
          fixed(median([&](const Round& r) { return rate(r) / both_ceilings(r); }), 2),
          grouped(median([](const Round& r) { return r.cursor.per_second; })),
          grouped(median([](const Round& r) { return r.publisher; })),
          milliseconds(median([](const Round& r) { return r.ours.lag.percentile(0.5); })),
          milliseconds(median([](const Round& r) { return r.ours.lag.percentile(0.99); })),
          fixed(median([](const Round& r) { return r.ours.peak_rss_mb; })),
          fixed(median([&](const Round& r) { return r.ours.cpu.worker * million; })),
          fixed(median([&](const Round& r) { return r.ours.cpu.mongod * million; })),
          fixed(median([&](const Round& r) { return r.ours.cpu.bus * million; })),
          fixed(median([&](const Round& r) { return r.ours.cpu.all() * million; })),
          fixed(median([&](const Round& r) { return r.cursor.cpu_seconds * million; })),
          fixed(median([&](const Round& r) { return r.publisher_cpu * million; })),
          fixed(median(cpu_of_both), 2)};
}

}  // namespace

int run_bus(const Options& options, const Server& server, Bus& bus) {
  BusStage stage(options, server, bus);
  Json list = Json::list();
  Table table({"documents", "messages/s", "x loop", "loop/s", "of lower", "of both", "cursor/s",
               "publisher/s", "lag p50", "lag p99", "peak MB", "worker us", "mongod us", bus.server() + " us",
               "all us", "cursor us", "publisher us", "CPU of both"});
  stage.warm_up(kWarmUp);
  for (const std::uint32_t documents : options.documents) {
    const Size size = stage.measure(documents);
    table.row(row_of(size));
    list.add(json_of(size, bus));
  }
  std::printf("%s", table.text().c_str());
  Json json = heading(options, server);
  json.set(bus.server() + "_server", bus.version()).set("library", bus.library()).set("rows", list);
  std::printf("%s\n", save(options, bus.name(), json).c_str());
  return 0;
}

}  // namespace storm
