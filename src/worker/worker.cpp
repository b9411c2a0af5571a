#include <mongoc/mongoc.h>
#include <spdlog/logger.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "mongo/who_answers.hpp"
#include "observe/http/http_server.hpp"
#include "observe/log/log.hpp"
#include "observe/log/log_line.hpp"
#include "observe/log/log_queue.hpp"
#include "observe/process.hpp"
#include "sinks/webhook/web_services.hpp"
#include "sluice/extensions.hpp"
#include "sluice/pipeline.hpp"
#include "worker/exit_deadline.hpp"
#include "worker/probes.hpp"
#include "worker/reloader.hpp"
#include "worker/stream_supervisor.hpp"

#include <boost/asio/signal_set.hpp>

namespace sluice {

namespace worker {

namespace {

/// What a stop may take beyond the drain time; docs/running.md and the option --drain-ms state it.
constexpr auto grace_after_drain = std::chrono::milliseconds(2000);
/// Of these, for the log's last lines.
constexpr auto time_for_log = std::chrono::milliseconds(200);

double seconds(flow::Duration time) {
  return std::chrono::duration<double>(time).count();
}

/// libmongoc would write to stderr by itself, and calls an abort of an already aborted transaction a warning.
void log_driver(mongoc_log_level_t level, const char* domain, const char* message, void* logger) {
  const auto to = level <= MONGOC_LOG_LEVEL_CRITICAL ? spdlog::level::warn : spdlog::level::debug;
  static_cast<spdlog::logger*>(logger)->log(to, "driver ({}): {}", domain, message);
}

/// libmongoc complains even as it starts, so this has to stand before it does.
class DriverLog {
 public:
  explicit DriverLog(spdlog::logger& log) { mongoc_log_set_handler(log_driver, &log); }
  ~DriverLog() { mongoc_log_set_handler(nullptr, nullptr); }
  DriverLog(const DriverLog&) = delete;
  DriverLog& operator=(const DriverLog&) = delete;
};

/// The process: its streams, its signals, its HTTP server, and the code it ends with.
class Worker {
 public:
  /// `source` may be null.
  Worker(const Config& config, ConfigSource* source)
      : exit_deadline_([this] { on_deadline(); }),
        config_(config),
        log_queue_(std::make_shared<observe::LogQueue>(observe::stderr_sink(config.log_format))),
        log_(observe::make_logger(config.log_level, config.log_format, log_queue_)),
        strand_(asio::make_strand(io_)),
        guard_(asio::make_work_guard(io_)),
        signals_(strand_, SIGINT, SIGTERM),
        supervisor_({io_, config_, metrics_, readiness_, log_, std::make_shared<sinks::WebServices>(),
                     teardown_, config_.streams},
                    strand_, supervisor_events()) {
    if (config_.extensions) {
      metrics_.add_text([extensions = config_.extensions] { return extensions->metrics(); });
    }
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
    const auto found = look_at_servers();
    if (found == mongo::FirstLook::Found::others) {
      log_queue_->drain(time_for_log);
      return exit_code::cannot_start;
    }
    const bool answers = found == mongo::FirstLook::Found::server;
    supervisor_.start(reloader_ ? reloader_->first(answers) : config_.streams);
    if (reloader_) reloader_->start();
    {
      std::vector<std::jthread> threads;
      for (int i = 1; i < config_.engine.workers; ++i) threads.emplace_back([this] { run_handlers(); });
      run_handlers();
    }
    // Any of these may hang in a call to a server: the deadline is what bounds them.
    http_.reset();
    reloader_.reset();
    probes_.reset();
    teardown_.join();
    log_->info("stopped in {:.3f} s (bound {:.3f} s): everything that was under way has ended",
               seconds(exit_deadline_.elapsed()), seconds(stop_bound()));
    log_queue_->drain(time_for_log);
    return exit_code_;
  }

 private:
  /// Says where it connects to, and soon why that cannot be, however long the driver tries. What is worst of
  /// all servers.
  mongo::FirstLook::Found look_at_servers() {
    auto worst = mongo::FirstLook::Found::server;
    std::set<std::pair<std::string, std::string>> asked;
    for (const StreamConfig& stream : config_.streams) {
      if (!asked.emplace(stream.uri, stream.uri_file).second) continue;
      const observe::StreamLog log(*log_, stream.name, stream.name);
      const mongo::Uri uri = mongo::uri_of(stream);
      const std::string hosts = mongo::hosts_of(uri.get());
      const char* set = mongoc_uri_get_replica_set(uri.get());
      log.info("connecting to MongoDB at {}{}", hosts,
               set == nullptr ? "" : fmt::format(" (replica set {})", set));
      const mongo::FirstLook look = mongo::look_at_hosts(uri.get());
      worst = std::max(worst, look.found);
      if (look.found == mongo::FirstLook::Found::nobody) {
        log.warn("MongoDB does not answer yet: {}; trying again", look.why);
      } else if (look.found == mongo::FirstLook::Found::others) {
        log.error("could not reach MongoDB ({}): {}", hosts, look.why);
      }
    }
    return worst;
  }

  SupervisorEvents supervisor_events() {
    return {[](const std::string& line) { say(line); }, [this](int exit_code) { on_failed(exit_code); },
            [this] { on_ended(); }, [this](const std::string& why) { refuse(why); },
            [this] { started_up_ = true; }};
  }

  Reloader::Events reload_events() {
    return {[this](std::vector<StreamConfig> streams, const std::string& refused) {
              asio::post(strand_,
                         [this, streams = std::move(streams), refused] { on_changed(streams, refused); });
            },
            [this](const std::string& why) { refuse(why); }};
  }

  void on_changed(const std::vector<StreamConfig>& streams, const std::string& refused) {
    if (stopping_) return;
    try {
      const StreamChanges changes = supervisor_.apply(streams);
      log_->info("configuration reloaded: {}", changes.text());
    } catch (const std::exception& error) {
      log_->error("the new configuration cannot be used, the old one goes on: {}", error.what());
      return refuse(error.what());
    }
    metrics_.config_reloads("applied").Increment();
    const std::lock_guard lock(configuration_mutex_);
    configuration_->refused = refused;
    ++configuration_->reloads;
  }

  void refuse(const std::string& why) {
    metrics_.config_reloads("refused").Increment();
    const std::lock_guard lock(configuration_mutex_);
    configuration_->refused = why;
  }

  observe::HttpServer::Routes routes() {
    auto routes = observe::observe_routes(metrics_, readiness_);
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
    supervisor_.append_status(status);
    const std::lock_guard lock(configuration_mutex_);
    status.configuration = configuration_;
    return observe::status_json(status);
  }

  /// The lines that scripts wait for, on stdout whatever the log says.
  static void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  void on_failed(int exit_code) {
    if (exit_code_ == exit_code::ok) exit_code_ = exit_code;
    stop_all();
  }

  void on_ended() {
    signals_.cancel();
    guard_.reset();
  }

  void await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        log_->info("signal {}: looking at the configuration", signal);
        reloader_->look_now();
        return await_signal();
      }
      if (stopping_) {
        log_->warn("second signal: ending at once; what was in flight will be done again");
        leave(exit_code_ == exit_code::ok ? 128 + signal : exit_code_.load());
      }
      log_->info("signal {}: stopping", signal);
      stop_all();
      await_signal();
    });
  }

  void stop_all() {
    if (stopping_) return;
    stopping_ = true;
    exit_deadline_.arm(stop_bound() - time_for_log);
    supervisor_.stop();
  }

  std::chrono::milliseconds stop_bound() const {
    return std::chrono::milliseconds(config_.engine.drain_ms) + grace_after_drain;
  }

  /// A driver call that hangs on a silent server cannot be called back. Everything it was about is in a
  /// transaction, so the process may end over it.
  void on_deadline() {
    log_->warn(
        "stopped in {:.3f} s (bound {:.3f} s): the work in flight did not come back in time; "
        "it is left to be done again",
        seconds(exit_deadline_.elapsed()), seconds(stop_bound()));
    leave(exit_code_);
  }

  void run_handlers() {
    async::run(io_, [this](const std::exception_ptr& thrown) { on_exception(thrown); });
  }

  /// Of a handler that is no stream's: what it was about to do for the whole worker is not known to be done.
  void on_exception(const std::exception_ptr& thrown) {
    log_->critical("internal error: {}; the worker ends", async::what_of(thrown));
    asio::post(strand_, [this] { on_failed(exit_code::cannot_start); });
  }

  [[noreturn]] void leave(int exit_code) {
    log_queue_->drain(time_for_log);
    std::fflush(stdout);
    std::_Exit(exit_code);
  }

  ExitDeadline exit_deadline_;  ///< first: it bounds the end of all the others
  const Config& config_;
  const flow::Time started_ = flow::Clock::now();
  std::shared_ptr<observe::LogQueue> log_queue_;
  std::shared_ptr<spdlog::logger> log_;
  DriverLog driver_log_{*log_};
  mongo::Driver driver_;
  observe::Metrics metrics_;
  observe::Readiness readiness_;
  asio::thread_pool teardown_{1};
  asio::io_context io_;
  Strand strand_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  asio::signal_set signals_;
  StreamSupervisor supervisor_;
  mutable std::mutex configuration_mutex_;  ///< written by the reloader, read by the HTTP server
  std::optional<observe::ConfigurationStatus> configuration_;  ///< absent where it cannot change
  std::unique_ptr<Probes> probes_;                             ///< before the server that asks them
  std::unique_ptr<observe::HttpServer> http_;
  std::atomic<bool> started_up_ = false;  ///< every stream has been ready; asked by the HTTP server
  bool stopping_ = false;
  std::atomic<int> exit_code_ = exit_code::ok;  ///< written on the strand, read where the process ends
  std::unique_ptr<Reloader> reloader_;          ///< last: it tells all of the above
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
