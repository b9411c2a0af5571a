#include <chrono>
#include <cstdio>
#include <future>
#include <memory>

#include "data.hpp"
#include "kafka.hpp"
#include "nats.hpp"
#include "report.hpp"
#include "scale_parts.hpp"
#include "workload.hpp"

namespace storm {
namespace {

const std::string kDatabase = "conduit";
const std::string kRelay = "SCALE";
constexpr int kMostPartitions = 16;
constexpr int kInstances = 4;

/// The server of the relay, and a log in it.
class RelayServer {
 public:
  virtual ~RelayServer() = default;
  /// Flags for workers with a relay that is empty.
  virtual std::vector<std::string> flags() = 0;
};

class RelayInJetStream : public RelayServer {
 public:
  explicit RelayInJetStream(const Options& options)
      : server_(options.nats_server, options.server.data_parent) {}
  std::vector<std::string> flags() override {
    NatsClient(server_).remove(kRelay);
    return {"--relay-stream=" + kRelay, "--nats-url=" + server_.url()};
  }

 private:
  NatsServer server_;
};

class RelayInKafka : public RelayServer {
 public:
  explicit RelayInKafka(const Options& options) : broker_(options.kafka_jars, options.server.data_parent) {}
  std::vector<std::string> flags() override {
    return {"--relay-topic=" + kRelay + std::to_string(++topics_), "--kafka-brokers=" + broker_.brokers()};
  }

 private:
  KafkaBroker broker_;
  int topics_ = 0;
};

/// Favourites and the workers that count them.
class Favours {
 public:
  Favours(const Options& options, const Server& server)
      : options_(options),
        server_(server),
        folder_(options.server.data_parent),
        client_(server.client()),
        workload_(make_favourites(options.sizes)) {}

  FleetRun backlog(int partitions) {
    load();
    const WorkerOptions worker = this->worker(partitions);
    const double cpu_of_start = mongod_cpu_of_start(server_, worker, partitions);
    workload_->plan(++round_);
    write_all(*workload_, client_, kDatabase);
    const double idle_cpu_a_second = mongod_idle(server_);
    Fleet fleet(server_, worker, 1);
    FleetRun run = finish(fleet);
    run.mongod_cpu -= cpu_of_start + idle_cpu_a_second * run.seconds;
    return run;
  }

  /// `relay`: the workers read from one. `shared`: one worker reads the change stream for the others.
  FleetRun live(int workers, int partitions, bool shared, RelayServer* relay) {
    load();
    const double idle_cpu_a_second = mongod_idle(server_);
    const double cpu_of_writes = writes(idle_cpu_a_second);
    load();
    WorkerOptions worker = this->worker(partitions);
    if (relay != nullptr) {
      worker.flags.push_back("--relay-partitions=" + std::to_string(partitions));
      for (const std::string& flag : relay->flags()) worker.flags.push_back(flag);
    }
    worker.shares_feed = shared;
    Fleet fleet(server_, worker, workers);
    fleet.wait_ready();
    fleet.wait_even(partitions);
    if (shared) fleet.wait_shared();
    if (relay != nullptr) fleet.wait_relayed();
    workload_->plan(++round_);
    fleet.count_from_here();
    auto writing =
        std::async(std::launch::async, [this] { write_all(*workload_, server_.client(), kDatabase); });
    FleetRun run = finish(fleet);
    writing.get();
    run.mongod_cpu -= cpu_of_writes + idle_cpu_a_second * run.seconds;
    return run;
  }

 private:
  const Options& options_;
  const Server& server_;
  TemporaryDirectory folder_;
  Client client_;
  std::unique_ptr<Workload> workload_;
  std::uint32_t round_ = 0;

  void load() {
    for (const std::string& name : {kDatabase, std::string("sluice")}) drop(client_, name);
    workload_->load(client_, kDatabase);
  }

  /// Seconds of mongod's CPU, beyond what it uses while it is idle, for writing a storm that nobody reads.
  double writes(double idle_cpu_a_second) {
    workload_->plan(++round_);
    const auto start = std::chrono::steady_clock::now();
    const double before = server_.usage().cpu_seconds;
    write_all(*workload_, client_, kDatabase);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return server_.usage().cpu_seconds - before - idle_cpu_a_second * took.count();
  }

  WorkerOptions worker(int partitions) const {
    WorkerOptions worker{.sluice = options_.sluice,
                         .flags = options_.worker_flags,
                         .folder = folder_.path(),
                         .uri = server_.uri(),
                         .database = kDatabase,
                         .rules = workload_->rules(),
                         .pipeline = "scale"};
    worker.flags.push_back("--partitions=" + std::to_string(partitions));
    return worker;
  }

  FleetRun finish(Fleet& fleet) const {
    const auto events = static_cast<double>(workload_->events());
    FleetRun run = fleet.run_until([&] { return fleet.resolved() >= events; });
    fleet.stop();
    workload_->verify(client_, kDatabase);
    return run;
  }
};

void tell(const ScaleRow& row) {
  const FleetRun& run = row.rounds.back();
  std::fprintf(stderr, "%s: %s events/s, %s us of mongod for an event\n", row.name.c_str(),
               grouped(row.events / run.seconds).c_str(), fixed(run.mongod_cpu * 1e6 / row.events).c_str());
}

}  // namespace

std::vector<ScaleRow> measure_partitions(const Options& options, const Server& server) {
  Favours favours(options, server);
  std::vector<ScaleRow> rows;
  for (const int partitions : {1, 4, 8, kMostPartitions}) {
    const std::string plural = partitions == 1 ? "" : "s";
    ScaleRow& row = rows.emplace_back();
    row.name = "1 instance, " + std::to_string(partitions) + " partition" + plural;
    row.events = options.sizes.favourites;
    for (std::uint32_t round = 0; round < options.rounds; ++round) {
      row.rounds.push_back(favours.backlog(partitions));
      tell(row);
    }
  }
  return rows;
}

std::vector<ScaleRow> measure_instances(const Options& options, const Server& server) {
  struct Case {
    const char* name;
    int workers;
    int partitions;
    bool shared = false;  ///< one reads the change stream for the others
    bool relay = false;
  };
  Favours favours(options, server);
  std::unique_ptr<RelayServer> relay;
  if (options.relay == "kafka") {
    relay = std::make_unique<RelayInKafka>(options);
  } else {
    relay = std::make_unique<RelayInJetStream>(options);
  }
  std::vector<ScaleRow> rows;
  for (const Case& one :
       {Case{"live: 1 instance, 1 partition", 1, 1},
        Case{"live: 1 instance, 16 partitions", 1, kMostPartitions},
        Case{"live: 4 instances of 4 partitions", kInstances, kMostPartitions},
        Case{"live: 4 instances of 4 partitions, shared feed", kInstances, kMostPartitions, true},
        Case{"live: 4 instances of 4 partitions, relay", kInstances, kMostPartitions, false, true}}) {
    ScaleRow& row = rows.emplace_back();
    row.name = one.name;
    if (one.relay && options.relay == "kafka") row.name += " in Kafka";
    row.events = options.sizes.favourites;
    for (std::uint32_t round = 0; round < options.rounds; ++round) {
      row.rounds.push_back(
          favours.live(one.workers, one.partitions, one.shared, one.relay ? relay.get() : nullptr));
      tell(row);
    }
  }
  return rows;
}

}  // namespace storm
