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

/// What a Pipeline is lent by the program. Every function may be left empty.
struct PipelineOptions {
  /// Gets each line of the log, without time and level, from Config::log_level on. Called by one thread at a
  /// time, which is one of the pipeline's: it must not block for long, nor call the pipeline. What it throws
  /// is dropped. By default nothing is logged anywhere.
  std::function<void(LogLevel level, std::string_view line)> log = {};
  /// Called once, when all streams are open: every change that is written from now on is handed out. On one
  /// of the pipeline's threads, likewise.
  std::function<void()> on_ready = {};
};

/// How a pipeline ended.
struct RunResult {
  int exit_code = exit_code::ok;  ///< sluice/error.hpp; ok: it was asked to stop
  std::string why = {};           ///< with another code: the error, in a sentence
  /// False where something did not come back within Config::engine.drain_ms and two seconds: a handler, or a
  /// call to a server that has fallen silent. It is done again by the next run.
  bool complete = true;

  explicit operator bool() const { return exit_code == exit_code::ok; }
};

/// A Sluice worker inside a program: the streams and rules of a configuration, and handlers in C++.
///
///     boost::asio::io_context io;
///     sluice::Pipeline pipeline(io, sluice::load_config("shop.yaml"));
///     pipeline.on("orders", {.before = sluice::BeforeImage::when_available},
///                 [](sluice::Change change) -> boost::asio::awaitable<void> { ... });
///     boost::asio::co_spawn(io, pipeline.run(stop.get_token()), [](auto error, sluice::RunResult end) { ...
///     }); io.run();
///
/// Handlers run on the program's executor. Everything else (cursors, leases, positions, batches) runs on
/// threads of the pipeline's own, so that a busy or blocked io_context costs no lease.
///
/// It takes no signals, writes nothing to stdout or stderr, opens no port (Config::http_port is not looked
/// at), sets no global logger and no log handler of the MongoDB driver, and does not end the process. It
/// calls mongoc_init(), and leaves mongoc_cleanup() to the program. Two pipelines of one process need two
/// names (Config::pipeline); one of a name runs at a time.
///
/// All functions are for one thread at a time, but for metrics() and why_not_ready(), which any thread may
/// call at any time.
class Pipeline {
 public:
  /// Starts nothing. The executor's context has to outlive the pipeline. Throws ConfigError for a
  /// configuration that cannot be used.
  Pipeline(boost::asio::any_io_executor executor, Config config, PipelineOptions options = {});
  Pipeline(boost::asio::io_context& io, Config config, PipelineOptions options = {});
  /// Stops what still runs, as run() does when it is asked to, and waits for its threads. Where a server has
  /// fallen silent that may take as long as the URI's socketTimeoutMS.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Has `handler` called for each change of the collection, or of all that a pattern matches (`orders_*`,
  /// `/^orders_[0-9]+$/`). Before run(). Throws ConfigError for options that cannot be used, and
  /// std::logic_error after run().
  void on(const std::string& collection, HandlerOptions options, Handler handler);
  void on(const std::string& collection, Handler handler);

  /// Runs until the stop is requested or something ends it that no retry can mend; a server that is away is
  /// waited for. Once; throws std::logic_error the second time.
  ///
  /// After a stop request nothing more is read. What was read and queued is carried out within
  /// Config::engine.drain_ms, handlers included; positions are stored and leases given back. It returns
  /// within two seconds more, whatever a server or a handler does.
  ///
  /// Throws ConfigError for rules that cannot be used. Every other failure is told by the result.
  boost::asio::awaitable<RunResult> run(std::stop_token stop);

  /// The same for a caller that is no coroutine: blocks its thread, which must not be one that the handlers
  /// need.
  RunResult run_blocking(std::stop_token stop);

  /// The metrics in Prometheus' text format; empty before run().
  std::string metrics() const;
  /// Why the pipeline does not stream at the moment, in a sentence or several; empty when it does, and before
  /// run().
  std::string why_not_ready() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice
