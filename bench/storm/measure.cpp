#include "measure.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <stdexcept>
#include <thread>

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPoll = 20ms;
constexpr double kSampleEvery = 0.1;   // seconds between the samples that are kept
constexpr double kStallPatience = 60;  // seconds without progress after which the run fails

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Polls a new worker, from its start on, until `events` events are resolved.
class Observer {
 public:
  Observer(const Server& server, Worker& worker, std::int64_t events)
      : server_(server), worker_(worker), events_(static_cast<double>(events)) {}

  /// Calls `check` at each poll, which may throw to end the wait.
  Run watch(const std::function<void()>& check = [] {}) {
    while (poll()) {
      check();
      std::this_thread::sleep_for(kPoll);
    }
    return finish();
  }

 private:
  const Server& server_;
  Worker& worker_;
  double events_;
  Histogram last_lag_;
  Clock::time_point origin_ = Clock::now();
  Clock::time_point progress_ = origin_;
  double idle_until_ = 0;  ///< the last poll at which no event had been read, in seconds since origin_
  bool started_ = false;
  double end_ = 0;
  double resolved_ = -1;
  double last_sample_ = -1;
  double server_cpu_ = 0;
  Metrics now_;
  Run run_;

  /// Returns false when all events are resolved.
  bool poll() {
    const double at = seconds_since(origin_);
    now_ = worker_.metrics();
    const double read = now_.read();
    const double resolved = now_.resolved();
    if (read == 0) {
      idle_until_ = at;
    } else if (!started_) {
      started_ = true;
      run_.first_read = static_cast<std::int64_t>(read);
      run_.first_seconds = at - idle_until_;
      server_cpu_ = server_.usage().cpu_seconds;
    }
    guard(resolved);
    const bool done = resolved >= events_ && resolved == read;
    if (started_ && (done || at - last_sample_ >= kSampleEvery)) sample(at, read, resolved);
    if (done) end_ = seconds_since(origin_);
    return !done;
  }

  void guard(double resolved) {
    worker_.expect_running();
    if (resolved != resolved_) {
      resolved_ = resolved;
      progress_ = Clock::now();
    }
    if (seconds_since(progress_) > kStallPatience)
      throw std::runtime_error("the worker stands still at " + std::to_string(resolved) + " of " +
                               std::to_string(events_) + " events");
  }

  void sample(double at, double read, double resolved) {
    const Histogram lag = now_.histogram("sluice_event_lag_seconds");
    const Histogram since = lag.since(last_lag_);
    last_lag_ = lag;
    last_sample_ = at;
    run_.samples.push_back({at - idle_until_, read, resolved, now_.value("sluice_events_in_flight"),
                            worker_.usage().rss_mb, since.percentile(0.5), since.percentile(0.99),
                            since.max_bound()});
  }

  Run finish() {
    const Usage usage = worker_.usage();
    if (now_.value("sluice_events_dead_total") > 0) throw std::runtime_error("the worker set events aside");
    run_.seconds = end_ - idle_until_;
    run_.events = static_cast<std::int64_t>(now_.read());
    run_.effects = now_.value("sluice_rule_effects_total");
    run_.lag = now_.histogram("sluice_event_lag_seconds");
    run_.batch_documents = now_.histogram("sluice_batch_documents");
    run_.batch_events = now_.histogram("sluice_batch_events");
    run_.batch_seconds = now_.histogram("sluice_batch_seconds");
    run_.documents = run_.batch_documents.sum;
    run_.retries = now_.value("sluice_retries_total");
    run_.peak_rss_mb = usage.peak_rss_mb;
    run_.worker_cpu = usage.cpu_seconds;
    run_.server_cpu = server_.usage().cpu_seconds - server_cpu_;
    return std::move(run_);
  }
};

/// Writes a storm on its own thread and connection. check() and join() rethrow its error.
class LiveStorm {
 public:
  LiveStorm(const Server& server, const Workload& workload, const std::string& database, double rate)
      : thread_([this, &server, &workload, database, rate] {
          try {
            write(server.client(), workload, database, rate);
          } catch (...) {
            error_ = std::current_exception();
            failed_ = true;
          }
        }) {}

  void join() {
    thread_.join();
    check();
  }
  void check() const {
    if (failed_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;
  std::atomic<bool> failed_ = false;
  std::jthread thread_;

  /// Writes each step at the time that follows from the rate and the events before it. If a step is late, the
  /// next ones catch up.
  static void write(const Client& client, const Workload& workload, const std::string& database,
                    double rate) {
    const auto start = Clock::now();
    const double per_step = static_cast<double>(workload.events()) / static_cast<double>(workload.steps());
    for (std::size_t step = 0; step < workload.steps(); ++step) {
      if (rate > 0) {
        const std::chrono::duration<double> due(static_cast<double>(step) * per_step / rate);
        std::this_thread::sleep_until(start + std::chrono::duration_cast<Clock::duration>(due));
      }
      workload.write(client, database, step);
    }
  }
};

}  // namespace

Run measure_backlog(const Server& server, const WorkerOptions& options, const Workload& workload) {
  Worker worker(options);
  Run run = Observer(server, worker, workload.events()).watch();
  worker.stop();
  return run;
}

Run measure_live(const Server& server, const WorkerOptions& options, const Workload& workload, double rate) {
  Worker worker(options);
  worker.wait_ready();
  LiveStorm storm(server, workload, options.database, rate);
  Run run = Observer(server, worker, workload.events()).watch([&] { storm.check(); });
  storm.join();
  worker.stop();
  return run;
}

StreamShape observe_stream(const Server& server, const WorkerOptions& options) {
  Worker worker(options);
  worker.wait_ready();
  StreamShape shape = stream_of(server.client(), options.database);
  worker.stop();
  return shape;
}

}  // namespace storm
