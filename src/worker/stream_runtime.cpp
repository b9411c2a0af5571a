#include "worker/stream_runtime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "mongo/uri.hpp"
#include "observe/log/log_line.hpp"
#include "pipeline/start_tries.hpp"
#include "sinks/webhook/web_services.hpp"
#include "sluice/extensions.hpp"

namespace sluice::worker {

namespace {

/// How long a stop may take beyond the drain time. docs/running.md and the help of --drain-ms state it, too.
constexpr auto grace_after_drain = std::chrono::milliseconds(2000);

constexpr const char* memory_metrics =
    R"(# HELP sluice_memory_bytes_in_flight Bytes in memory of all streams, counted once where they share them.
# TYPE sluice_memory_bytes_in_flight gauge
sluice_memory_bytes_in_flight {}
# HELP sluice_memory_bytes_in_flight_peak Maximum of sluice_memory_bytes_in_flight since the start.
# TYPE sluice_memory_bytes_in_flight_peak gauge
sluice_memory_bytes_in_flight_peak {}
)";

}  // namespace

StreamRuntime::StreamRuntime(const Config& config, std::shared_ptr<spdlog::logger> log, Events events)
    : config_(config),
      log_(std::move(log)),
      events_(std::move(events)),
      strand_(asio::make_strand(io_)),
      guard_(asio::make_work_guard(io_)),
      memory_(std::make_shared<flow::BudgetPool>(config_.engine.queue_mb << 20)),
      offer_(config_, [log = log_](const std::string& text) { log->info("{}", text); }),
      feeds_(std::make_shared<source::Feeds>(
          memory_,
          [log = log_](bool loud, const std::string& text) {
            log->log(loud ? spdlog::level::warn : spdlog::level::info, "{}", text);
          },
          offer_.directory())),
      supervisor_({io_,
                   config_,
                   metrics_,
                   readiness_,
                   log_,
                   std::make_shared<sinks::WebServices>(),
                   feeds_,
                   std::make_shared<mongo::Pools>(),
                   memory_,
                   teardown_,
                   config_.streams,
                   {},
                   offer_.directory()},
                  strand_,
                  {events_.say, [this](int exit_code) { on_failed(exit_code); },
                   [this] {
                     events_.ended();
                     guard_.reset();
                   },
                   events_.refused, events_.ready}) {
  metrics_.add_text(
      [memory = memory_] { return fmt::format(memory_metrics, memory->bytes(), memory->peak_bytes()); });
  metrics_.add_text([feeds = std::weak_ptr(feeds_)] {
    const auto alive = feeds.lock();
    return alive ? alive->metrics() : "";
  });
  offer_.begin(feeds_);
  if (config_.extensions) {
    metrics_.add_text([extensions = config_.extensions] { return extensions->metrics(); });
  }
}

void StreamRuntime::tear_down() {
  feeds_->request_stop();
  offer_.stop();
  feeds_->stop();
  teardown_.join();
}

mongo::FirstLook StreamRuntime::look_at_servers() {
  mongo::FirstLook worst;
  std::set<std::pair<std::string, std::string>> asked;
  for (const StreamConfig& stream : config_.streams) {
    if (!asked.emplace(stream.uri, stream.uri_file).second) continue;
    const observe::StreamLog log(*log_, stream.name, stream.name);
    const mongo::Uri uri = mongo::uri_of(stream);
    const std::string hosts = mongo::hosts_of(uri.get());
    const char* set = mongoc_uri_get_replica_set(uri.get());
    log.info("connecting to MongoDB at {}{}", hosts,
             set == nullptr ? "" : fmt::format(" (replica set {})", set));
    mongo::FirstLook look = mongo::look_at_hosts(uri.get());
    if (look.found == mongo::FirstLook::Found::nobody) {
      const auto patience = pipeline::start_patience(mongo::selection_timeout(uri.get()));
      log.warn("MongoDB is not available yet: {}; retrying for about {} s", look.why, patience.count());
    } else if (look.found == mongo::FirstLook::Found::others) {
      look.why = fmt::format("could not reach MongoDB ({}): {}", hosts, look.why);
      log.error("{}", look.why);
    }
    if (look.found > worst.found) worst = std::move(look);
  }
  return worst;
}

void StreamRuntime::run() {
  std::vector<std::jthread> threads;
  for (int i = 1; i < config_.engine.workers; ++i) threads.emplace_back([this] { run_handlers(); });
  run_handlers();
}

void StreamRuntime::run_handlers() {
  async::run(io_, [this](const std::exception_ptr& thrown) { on_exception(thrown); });
}

/// An exception from a handler that belongs to no stream. The worker ends, since work that all streams depend
/// on may not have been done.
void StreamRuntime::on_exception(const std::exception_ptr& thrown) {
  const std::string why = fmt::format("internal error: {}", async::what_of(thrown));
  log_->critical("{}; the worker ends", why);
  asio::post(strand_, [this, why] {
    note_why(why);
    on_failed(exit_code::cannot_start);
  });
}

void StreamRuntime::on_failed(int exit_code) {
  if (exit_code_ == exit_code::ok) {
    exit_code_ = exit_code;
    note_why(fmt::format("{}", fmt::join(readiness_.reasons(), "; ")));
  }
  stop();
}

/// Keeps the first reason only.
void StreamRuntime::note_why(const std::string& why) {
  const std::lock_guard lock(why_mutex_);
  if (why_.empty()) why_ = why;
}

std::string StreamRuntime::why() const {
  const std::lock_guard lock(why_mutex_);
  return why_.empty() ? "a stream could not be started; the log says why" : why_;
}

void StreamRuntime::stop() {
  if (stopping_.exchange(true)) return;
  events_.stopping();
  supervisor_.stop();
}

std::chrono::milliseconds StreamRuntime::stop_bound() const {
  return std::chrono::milliseconds(config_.engine.drain_ms) + grace_after_drain;
}

}  // namespace sluice::worker
