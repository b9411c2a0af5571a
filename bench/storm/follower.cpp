#include "follower.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "data.hpp"
#include "measure.hpp"
#include "update_many.hpp"

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(5);
constexpr double kPatience = 300;  // seconds for a rule to follow a whole storm

void wait(Worker& worker, Clock::time_point start) {
  worker.expect_running();
  if (since(start) > kPatience) throw std::runtime_error("the worker does not come to follow the updateMany");
  std::this_thread::sleep_for(kPoll);
}

}  // namespace

Follower::Follower(const Options& options, const Server& server)
    : options_(options), server_(server), folder_(options.server.data_parent), client_(server.client()) {}

const std::string& Follower::database() {
  static const std::string name = "conduit";
  return name;
}

void Follower::load(const Scene& scene) {
  for (const std::string& name : {database(), std::string("sluice")}) drop(client_, name);
  if (scene.images) {
    create(client_, database(), "users");
  } else {
    command(client_, database(), R"({"create":"users"})");
  }
  documents_ = scene.documents;
  insert_many(collection(client_, database(), "users"), documents_, user);
  worker_ = {.sluice = options_.sluice,
             .flags = options_.worker_flags,
             .folder = folder_.path(),
             .uri = server_.uri(),
             .database = database(),
             .rules = scene.rules,
             .pipeline = scene.pipeline};
  // Start at the present: a worker must not read what was written before it started.
  worker_.flags.emplace_back("--restart-now");
}

Followed Follower::follow(const Done& done) {
  Worker worker(worker_);
  worker.wait_ready();
  Followed out;
  const double worker_before = worker.usage().cpu_seconds;
  const double mongod_before = server_.usage().cpu_seconds;
  const auto start = Clock::now();
  UpdateMany update(server_, database());
  while (!done()) wait(worker, start);
  out.seconds = since(start);
  out.worker_cpu = worker.usage().cpu_seconds - worker_before;
  out.mongod_cpu = server_.usage().cpu_seconds - mongod_before;
  update.seconds();
  while (worker.metrics().resolved() < documents_) wait(worker, start);
  if (worker.metrics().value("sluice_events_dead_total") > 0)
    throw std::runtime_error("the worker made dead letters");
  out.lag = worker.metrics().histogram("sluice_event_lag_seconds");
  out.peak_rss_mb = worker.usage().peak_rss_mb;
  worker.stop();
  return out;
}

double Follower::follow_until(const Done& done, const std::function<void()>& release) {
  WorkerOptions options = worker_;
  options.flags.emplace_back("--drain-ms=100");  // the rest cannot be delivered
  Worker worker(options);
  worker.wait_ready();
  const auto start = Clock::now();
  UpdateMany update(server_, database());
  while (!done()) wait(worker, start);
  const double seconds = since(start);
  update.seconds();
  release();
  worker.stop();
  return seconds;
}

double Follower::read_live() {
  const StreamShape shape = observe_stream(server_, worker_);
  const Client client = server_.client();
  const Moment from = now(client_);
  // With a batch size above the number of events, the last getMore would wait for more.
  const int batch = static_cast<int>(std::min<std::int64_t>(options_.cursor_batch, documents_));
  const auto start = Clock::now();
  UpdateMany update(server_, database());
  drain(client, database(), shape, batch, from, documents_);
  const double seconds = since(start);
  update.seconds();
  return documents_ / seconds;
}

}  // namespace storm
