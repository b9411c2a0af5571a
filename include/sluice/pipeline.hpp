#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>  // Boost 1.74's awaitable.hpp uses std::exchange without including it

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "sluice/config.hpp"
#include "sluice/error.hpp"
#include "sluice/handler.hpp"

namespace sluice {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

std::string_view name_of(LogLevel level);

/// Functions of the program that a Pipeline calls. Each may be left empty.
struct PipelineOptions {
  /// Gets each log line, without time and level, from the level Config::log_level on. Called by one of the
  /// pipeline's threads at a time. It must not block for long, nor call the pipeline. Exceptions from it are
  /// dropped. By default nothing is logged.
  std::function<void(LogLevel level, std::string_view line)> log = {};
  /// Called once, when all streams are open: from then on every change that is written is handed out. Called
  /// by one of the pipeline's threads, with the same restrictions as `log`.
  std::function<void()> on_ready = {};
};

/// How a pipeline ended.
struct RunResult {
  int exit_code = exit_code::ok;  ///< sluice/error.hpp; ok: it stopped because it was asked to
  std::string why = {};           ///< with any other code: the error, in a sentence
  /// False if a handler, or a call to a server that does not answer, did not return within
  /// Config::engine.drain_ms and two more seconds. The next run does that work again.
  bool complete = true;

  explicit operator bool() const { return exit_code == exit_code::ok; }
};

/// A Sluice worker inside a program: the streams and rules of a configuration, and handlers in C++.
///
///     boost::asio::io_context io;
///     sluice::Pipeline pipeline(io, sluice::load_config("shop.yaml"));
///     pipeline.on("orders", {.before = sluice::BeforeImage::when_available},
///                 [](sluice::Change change) -> boost::asio::awaitable<void> { ... });
///     const auto ended = [](std::exception_ptr error, sluice::RunResult end) { ... };
///     boost::asio::co_spawn(io, pipeline.run(stop.get_token()), ended);
///     io.run();
///
/// Handlers run on the program's executor. Everything else (cursors, leases, positions, batches) runs on the
/// pipeline's own threads, so a busy or blocked io_context does not lose a lease.
///
/// A pipeline handles no signals, writes nothing to stdout or stderr, opens no port (it ignores
/// Config::http_port), sets no global logger and no log handler of the MongoDB driver, and does not end the
/// process. It calls mongoc_init() and leaves mongoc_cleanup() to the program. Two pipelines of one process
/// need different names (Config::pipeline); only one of each name runs at a time.
///
/// Functions must not be called by several threads at once, except metrics() and why_not_ready(), which any
/// thread may call at any time.
class Pipeline {
 public:
  /// Does not start anything. The executor's context must outlive the pipeline. Throws ConfigError for a
  /// configuration that cannot be used.
  Pipeline(boost::asio::any_io_executor executor, Config config, PipelineOptions options = {});
  Pipeline(boost::asio::io_context& io, Config config, PipelineOptions options = {});
  /// Stops what still runs, as a stop request does, and waits for the pipeline's threads. If a server does
  /// not answer, that may take as long as the URI's socketTimeoutMS.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Calls `handler` for each change of the collection, or of all collections that a pattern matches
  /// (`orders_*`, `/^orders_[0-9]+$/`). Call it before run(). Throws ConfigError for options that cannot be
  /// used, and std::logic_error after run().
  void on(const std::string& collection, HandlerOptions options, Handler handler);
  void on(const std::string& collection, Handler handler);

  /// Runs until a stop is requested, or until an error that no retry can solve. Waits for servers that are
  /// away. May be called once; throws std::logic_error the second time.
  ///
  /// After a stop request nothing more is read. What was read and queued is carried out within
  /// Config::engine.drain_ms, handlers included; positions are stored and leases given back. run() returns at
  /// most two seconds later, whatever servers and handlers do.
  ///
  /// Throws ConfigError for rules that cannot be used. Reports every other failure in the result.
  boost::asio::awaitable<RunResult> run(std::stop_token stop);

  /// The same for a caller that is not a coroutine. Blocks the calling thread, which must not be one that the
  /// handlers need.
  RunResult run_blocking(std::stop_token stop);

  /// The metrics in Prometheus' text format; empty before run().
  std::string metrics() const;
  /// Why the pipeline does not stream at the moment, in one or more sentences. Empty while it streams, and
  /// before run().
  std::string why_not_ready() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice
