#include <mongoc/mongoc.h>
#include <spdlog/logger.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>

#include "flow/loss_limit.hpp"
#include "observe/http.hpp"
#include "observe/log.hpp"
#include "observe/process.hpp"
#include "pipeline/probes.hpp"
#include "pipeline/stream.hpp"
#include "sluice/pipeline.hpp"

#include <boost/asio/signal_set.hpp>

namespace sluice {

namespace pipeline {

namespace {

constexpr auto grace_after_drain = std::chrono::seconds(5);

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
  explicit Worker(const Config& config)
      : config_(config),
        log_(observe::make_logger(config.log_level, config.log_format)),
        strand_(asio::make_strand(io_)),
        guard_(asio::make_work_guard(io_)),
        signals_(strand_, SIGINT, SIGTERM),
        deadline_(strand_) {
    for (std::size_t i = 0; i < config.streams.size(); ++i) streams_.push_back(make_stream(i, {}));
    losses_.resize(streams_.size());
    replaced_.resize(streams_.size());
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
    for (auto& stream : streams_) stream->start();
    {
      std::vector<std::jthread> threads;
      for (int i = 1; i < config_.engine.workers; ++i) threads.emplace_back([this] { io_.run(); });
      io_.run();
    }
    http_.reset();
    if (probes_ && !probes_->ended_within(grace_after_drain)) leave(exit_code_);
    log_->flush();
    return exit_code_;
  }

 private:
  observe::HttpServer::Routes routes() {
    auto routes = observe::observe_routes(metrics_, readiness_);
    if (probes_) {
      routes["/healthz"] = [this] { return observe::healthz_reply(probes_->components()); };
      routes["/health"] = [this] { return observe::health_reply(probes_->components()); };
    }
    routes["/status"] = [this] { return observe::HttpReply{200, "application/json", status()}; };
    return routes;
  }

  std::string status() const {
    const std::chrono::duration<double> uptime = flow::Clock::now() - started_;
    observe::WorkerStatus status{config_.pipeline, config_.shard_index,       config_.shard_count,
                                 uptime.count(),   observe::resident_bytes(), {}};
    const std::lock_guard lock(streams_mutex_);
    for (const auto& stream : streams_) status.streams.push_back(stream->status());
    return observe::status_json(status);
  }

  std::unique_ptr<Stream> make_stream(std::size_t index, Recovery recovery) {
    return std::make_unique<Stream>(Surroundings{io_, config_, metrics_, readiness_, log_},
                                    config_.streams[index], stream_events(index), recovery);
  }

  StreamEvents stream_events(std::size_t index) {
    return {[this] { asio::post(strand_, [this] { on_connected(); }); },
            [this] { asio::post(strand_, [this] { on_ready(); }); },
            [this, index](int exit_code) {
              asio::post(strand_, [this, index, exit_code] { on_failed(index, exit_code); });
            },
            [this, index] { asio::post(strand_, [this, index] { on_ended(index); }); }};
  }

  /// The two lines that scripts wait for, on stdout whatever the log says; said once, whatever comes later.
  void on_connected() {
    if (++connected_ != streams_.size()) return;
    std::printf("Connected to MongoDB (Shard %d/%d)\n", config_.shard_index, config_.shard_count);
    std::fflush(stdout);
  }

  void on_ready() {
    if (++ready_ != streams_.size()) return;
    std::printf("__READY__SHARD__%d_OF_%d__\n", config_.shard_index, config_.shard_count);
    std::fflush(stdout);
  }

  /// Half a worker is worse than none: the supervisor restarts the whole. A lost position is another matter,
  /// if the pipeline's policy knows a way on.
  void on_failed(std::size_t index, int exit_code) {
    const bool recover = exit_code == exit_code::position_lost && config_.on_lost != LostPolicy::fail;
    if (recover && !stopping_ && losses_[index].may_recover(flow::Clock::now())) {
      recovering_.insert(index);
      return;
    }
    if (exit_code_ == exit_code::ok) exit_code_ = exit_code;
    stop_all();
  }

  void on_ended(std::size_t index) {
    if (recovering_.erase(index) > 0 && !stopping_) return recover(index);
    if (++ended_ < streams_.size()) return;
    signals_.cancel();
    deadline_.cancel();
    guard_.reset();
  }

  void recover(std::size_t index) {
    const std::string& name = config_.streams[index].name;
    const bool rebuild = config_.on_lost == LostPolicy::rebuild;
    log_->error("{}: the position is lost; by its policy the pipeline {}", name,
                rebuild ? "computes all targets afresh and goes on"
                        : "goes on from the present moment: what was missed stays missed");
    metrics_.stream(name).position_lost(rebuild ? "rebuild" : "restart-now").Increment();
    const Recovery recovery{config_.on_lost, streams_[index]->lost_position()};
    readiness_.forget("stream " + name + " stopping");
    std::unique_ptr<Stream> next;
    try {
      next = make_stream(index, recovery);
    } catch (const std::exception& error) {  // a URI file that has become unreadable, say
      log_->error("{}: could not begin anew: {}", name, error.what());
      exit_code_ = exit_code::position_lost;
      stop_all();
      return on_ended(index);
    }
    {
      const std::lock_guard lock(streams_mutex_);
      std::swap(streams_[index], next);
    }
    // What the old one has posted last may still be on its way to it, so it goes with the next one.
    replaced_[index] = std::move(next);
    streams_[index]->start();
  }

  void await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (stopping_) {
        log_->warn("second signal: ending at once; what was in flight will be done again");
        leave(exit_code_ == exit_code::ok ? 128 + signal : exit_code_);
      }
      log_->info("signal {}: stopping", signal);
      stop_all();
      await_signal();
    });
  }

  void stop_all() {
    if (stopping_) return;
    stopping_ = true;
    // A driver call that hangs on a silent server cannot be called back. Everything it was about is in a
    // transaction, so the process may end over it.
    deadline_.expires_after(std::chrono::milliseconds(config_.engine.drain_ms) + grace_after_drain);
    deadline_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      log_->warn("the work in flight did not come back in time; it is left to be done again");
      leave(exit_code_);
    });
    for (auto& stream : streams_) stream->request_stop();
  }

  [[noreturn]] void leave(int exit_code) {
    log_->flush();
    std::fflush(stdout);
    std::_Exit(exit_code);
  }

  const Config& config_;
  const flow::Time started_ = flow::Clock::now();
  std::shared_ptr<spdlog::logger> log_;
  DriverLog driver_log_{*log_};
  mongo::Driver driver_;
  asio::io_context io_;
  observe::Metrics metrics_;
  observe::Readiness readiness_;
  Strand strand_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  asio::signal_set signals_;
  asio::steady_timer deadline_;
  mutable std::mutex streams_mutex_;  ///< streams_ is replaced on the strand and read by the HTTP server
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<std::unique_ptr<Stream>> replaced_;  ///< by stream: the one before, which has ended
  std::vector<flow::LossLimit> losses_;            ///< by stream
  std::set<std::size_t> recovering_;
  std::unique_ptr<Probes> probes_;  ///< before the server that asks them
  std::unique_ptr<observe::HttpServer> http_;
  std::size_t connected_ = 0;
  std::size_t ready_ = 0;
  std::size_t ended_ = 0;
  bool stopping_ = false;
  int exit_code_ = exit_code::ok;
};

}  // namespace

}  // namespace pipeline

int run_worker(const Config& config) {
  return pipeline::Worker(config).run();
}

}  // namespace sluice
