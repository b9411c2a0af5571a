#include <mongoc/mongoc.h>
#include <spdlog/logger.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "observe/http/http_server.hpp"
#include "observe/log/log.hpp"
#include "observe/log/log_line.hpp"
#include "observe/log/log_queue.hpp"
#include "observe/process.hpp"
#include "sluice/worker.hpp"
#include "worker/exit_deadline.hpp"
#include "worker/probes.hpp"
#include "worker/reloader.hpp"
#include "worker/stream_runtime.hpp"

#include <boost/asio/signal_set.hpp>

namespace sluice {

namespace worker {

namespace {

/// The part of the time for a stop that is reserved for writing the last log lines.
constexpr auto time_for_log = std::chrono::milliseconds(200);

double seconds(flow::Duration time) {
  return std::chrono::duration<double>(time).count();
}

/// Passes libmongoc's log to ours. By default it writes to stderr. Its errors become warnings, everything
/// else debug lines, since it warns even when an already aborted transaction is aborted.
void log_driver(mongoc_log_level_t level, const char* domain, const char* message, void* logger) {
  const auto to = level <= MONGOC_LOG_LEVEL_CRITICAL ? spdlog::level::warn : spdlog::level::debug;
  static_cast<spdlog::logger*>(logger)->log(to, "driver ({}): {}", domain, message);
}

/// Construct it before mongo::Driver: libmongoc logs while it initializes.
class DriverLog {
 public:
  explicit DriverLog(spdlog::logger& log) { mongoc_log_set_handler(log_driver, &log); }
  ~DriverLog() { mongoc_log_set_handler(nullptr, nullptr); }
  DriverLog(const DriverLog&) = delete;
  DriverLog& operator=(const DriverLog&) = delete;
};

/// The process: its signals, its output, its HTTP server, and the code it ends with.
class Worker {
 public:
  /// `source`: null if the configuration cannot change.
  Worker(const Config& config, ConfigSource* source)
      : exit_deadline_([this] { on_deadline(); }),
        config_(config),
        log_queue_(std::make_shared<observe::LogQueue>(observe::stderr_sink(config.log_format))),
        log_(observe::make_logger(config.log_level, config.log_format, log_queue_)),
        runtime_(config_, log_, runtime_events()),
        signals_(runtime_.strand(), SIGINT, SIGTERM) {
    if (source == nullptr) return;
    signals_.add(SIGHUP);
    configuration_.emplace();
    reloader_ = std::make_unique<Reloader>(config_, *source, *log_, reload_events());
  }

  ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  int run() {
    if (config_.http_port != 0) {
      if (config_.health == HealthForm::components) probes_ = std::make_unique<Probes>(config_);
      http_ = std::make_unique<observe::HttpServer>(config_.http_host,
                                                    static_cast<std::uint16_t>(config_.http_port), routes());
    }
    await_signal();
    const auto found = runtime_.look_at_servers().found;
    if (found == mongo::FirstLook::Found::others) {
      log_queue_->drain(time_for_log);
      return exit_code::cannot_start;
    }
    const bool answers = found == mongo::FirstLook::Found::server;
    runtime_.start(reloader_ ? reloader_->first(answers) : config_.streams);
    if (reloader_) reloader_->start();
    runtime_.run();
    // Each of these may hang in a call to a server. The exit deadline limits how long.
    http_.reset();
    reloader_.reset();
    probes_.reset();
    runtime_.tear_down();
    log_->info("stopped in {:.3f} s (bound {:.3f} s): everything that was under way has ended",
               seconds(exit_deadline_.elapsed()), seconds(runtime_.stop_bound()));
    log_queue_->drain(time_for_log);
    return runtime_.exit_code();
  }

 private:
  StreamRuntime::Events runtime_events() {
    return {.say = [](const std::string& line) { say(line); },
            .ready = [this] { started_up_ = true; },
            .refused = [this](const std::string& why) { refuse(why); },
            .stopping = [this] { exit_deadline_.arm(runtime_.stop_bound() - time_for_log); },
            .ended = [this] { signals_.cancel(); }};
  }

  Reloader::Events reload_events() {
    return {[this](std::vector<StreamConfig> streams, const std::string& refused) {
              asio::post(runtime_.strand(),
                         [this, streams = std::move(streams), refused] { on_changed(streams, refused); });
            },
            [this](const std::string& why) { refuse(why); }};
  }

  void on_changed(const std::vector<StreamConfig>& streams, const std::string& refused) {
    if (runtime_.stopping()) return;
    try {
      const StreamChanges changes = runtime_.supervisor().apply(streams);
      log_->info("configuration reloaded: {}", changes.text());
    } catch (const std::exception& error) {
      log_->error("the new configuration cannot be used, so the old one stays in force: {}", error.what());
      return refuse(error.what());
    }
    runtime_.metrics().config_reloads("applied").Increment();
    const std::lock_guard lock(configuration_mutex_);
    configuration_->refused = refused;
    ++configuration_->reloads;
  }

  void refuse(const std::string& why) {
    runtime_.metrics().config_reloads("refused").Increment();
    const std::lock_guard lock(configuration_mutex_);
    configuration_->refused = why;
  }

  observe::HttpServer::Routes routes() {
    auto routes = observe::observe_routes(runtime_.metrics(), runtime_.readiness());
    if (probes_) {
      routes["/healthz"] = [this] { return observe::healthz_reply(probes_->components(), started_up_); };
      routes["/health"] = [this] { return observe::health_reply(probes_->components(), started_up_); };
    }
    routes["/status"] = [this] { return observe::HttpReply{200, "application/json", status()}; };
    return routes;
  }

  std::string status() const {
    const std::chrono::duration<double> uptime = flow::Clock::now() - started_;
    observe::WorkerStatus status{config_.pipeline, config_.shard_index,       config_.parts(),
                                 uptime.count(),   observe::resident_bytes(), {}};
    runtime_.supervisor().append_status(status);
    const std::lock_guard lock(configuration_mutex_);
    status.configuration = configuration_;
    return observe::status_json(status);
  }

  /// Prints a line that scripts wait for, on stdout at any log level.
  static void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  void await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        log_->info("signal {}: reading the configuration again", signal);
        reloader_->look_now();
        return await_signal();
      }
      if (runtime_.stopping()) {
        log_->warn("second signal: ending at once; what was in flight will be done again");
        leave(runtime_.exit_code() == exit_code::ok ? 128 + signal : runtime_.exit_code());
      }
      log_->info("signal {}: stopping; a second signal ends at once", signal);
      runtime_.stop();
      await_signal();
    });
  }

  /// Called when a driver call hangs, since it cannot be cancelled. Its writes are in a transaction, so the
  /// process may end in the middle of it.
  void on_deadline() {
    log_->warn(
        "stopped in {:.3f} s (bound {:.3f} s): the work in flight did not finish in time; "
        "it will be done again after the next start",
        seconds(exit_deadline_.elapsed()), seconds(runtime_.stop_bound()));
    leave(runtime_.exit_code());
  }

  [[noreturn]] void leave(int exit_code) {
    log_queue_->drain(time_for_log);
    std::fflush(stdout);
    std::_Exit(exit_code);
  }

  ExitDeadline exit_deadline_;  ///< declared first: it limits the destruction of all other members
  const Config& config_;
  const flow::Time started_ = flow::Clock::now();
  std::shared_ptr<observe::LogQueue> log_queue_;
  std::shared_ptr<spdlog::logger> log_;
  DriverLog driver_log_{*log_};
  mongo::Driver driver_;
  StreamRuntime runtime_;
  asio::signal_set signals_;
  mutable std::mutex configuration_mutex_;  ///< guards configuration_, which the HTTP server's thread reads
  std::optional<observe::ConfigurationStatus> configuration_;  ///< absent if it cannot change
  std::unique_ptr<Probes> probes_;                             ///< before the HTTP server, which uses them
  std::unique_ptr<observe::HttpServer> http_;
  std::atomic<bool> started_up_ = false;  ///< every stream has been ready; read by the HTTP server's thread
  std::unique_ptr<Reloader> reloader_;    ///< declared last: its events use all members above
};

}  // namespace

}  // namespace worker

int run_worker(const Config& config) {
  return worker::Worker(config, nullptr).run();
}

int run_worker(const Config& config, ConfigSource& source) {
  return worker::Worker(config, &source).run();
}

}  // namespace sluice
