#include "sluice/pipeline.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "async/asio.hpp"
#include "async/spawn.hpp"
#include "config/check_config.hpp"
#include "config/names.hpp"
#include "config/problems.hpp"
#include "mongo/uri.hpp"
#include "operations/aws_rules.hpp"
#include "operations/relay_streams.hpp"
#include "rules/registry.hpp"
#include "rules/shared/apart.hpp"
#include "sinks/handler/registered_handler.hpp"
#include "worker/exit_deadline.hpp"
#include "worker/library/callback_log.hpp"
#include "worker/library/handler_settings.hpp"
#include "worker/stream_runtime.hpp"

namespace sluice {

namespace asio = boost::asio;

namespace {

/// Rethrows the error with the handler's name and without positions in a configuration file.
[[noreturn]] void rethrow_for(const std::string& handler, const ConfigError& error) {
  std::vector<std::string> texts;
  for (const config::Problem& problem : config::problems_of(error)) texts.push_back(problem.message);
  throw ConfigError(fmt::format("handler '{}': {}", handler, fmt::join(texts, "; ")));
}

/// The streams to run, each with the rules that share it. Throws ConfigError with all problems of the rules,
/// and Stop for an unusable URI.
std::vector<StreamConfig> judged_streams(const Config& config) {
  std::vector<StreamConfig> streams = rules::with_callers_apart(config.streams);
  if (streams.empty()) throw ConfigError("there is nothing to run: state rules, or register a handler");
  config::Problems problems;
  for (const StreamConfig& stream : streams) {
    try {
      if (stream.uri_file.empty()) mongo::try_uri(stream.uri);
      rules::make_rules(stream, config.parts());
    } catch (const ConfigError& error) {
      config::append(problems, error);
    }
  }
  if (!problems.empty()) throw config::PlacedError(config::in_order(std::move(problems)));
  operations::check_relay_streams(config.relay, streams);
  operations::check_aws_rules(config.aws, streams);
  return streams;
}

}  // namespace

/// The implementation of Pipeline, which owns it. It has its own thread, which runs the streams.
class Pipeline::State {
 public:
  using Done = std::function<void(std::exception_ptr, RunResult)>;

  State(asio::any_io_executor executor, Config config, PipelineOptions options)
      : executor_(std::move(executor)),
        config_(std::move(config)),
        options_(std::move(options)),
        deadline_([this] { on_deadline(); }) {
    config::check_config(config_);
  }

  ~State() {
    request_stop();
    if (thread_.joinable()) thread_.join();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void add(const std::string& collection, HandlerOptions options, Handler handler) {
    if (thread_.joinable()) throw std::logic_error("Pipeline::on() was called after run()");
    if (!handler) throw ConfigError("the handler of '" + collection + "' is empty");
    std::string name = options.name.empty() ? collection : options.name;
    try {
      add(collection, name, std::move(options), std::move(handler));
    } catch (const ConfigError& error) {
      rethrow_for(name, error);
    }
  }

  void start(std::stop_token stop, Done done) {
    if (thread_.joinable()) throw std::logic_error("Pipeline::run() was called before");
    done_ = std::move(done);
    thread_ = std::thread([this, stop = std::move(stop)] { run(stop); });
  }

  std::string metrics() const {
    const std::lock_guard lock(mutex_);
    return runtime_ ? runtime_->metrics().render() : "";
  }

  std::string why_not_ready() const {
    const std::lock_guard lock(mutex_);
    if (!runtime_ || runtime_->readiness().is_ready()) return "";
    const auto reasons = runtime_->readiness().reasons();
    return reasons.empty() ? "it starts" : fmt::format("{}", fmt::join(reasons, "; "));
  }

 private:
  void add(const std::string& collection, const std::string& name, HandlerOptions options, Handler handler) {
    if (const std::string why = config::why_no_name(name); !why.empty())
      throw ConfigError(why + "; state HandlerOptions::name");
    StreamConfig& stream = stream_named(options.stream);
    const auto same = [&](const RuleConfig& rule) { return rule.name == name; };
    if (std::ranges::any_of(stream.rules, same))
      throw ConfigError("another rule or handler of its stream has that name; state HandlerOptions::name");
    RuleConfig rule{name, "handler", handler_settings(collection, options)};
    rule.handler =
        std::make_shared<RegisteredHandler>(name, std::move(options), executor_, std::move(handler));
    StreamConfig alone = stream;
    alone.rules = {rule};
    rules::make_rules(alone);
    handlers_.push_back(rule.handler);
    stream.rules.push_back(std::move(rule));
  }

  StreamConfig& stream_named(const std::string& name) {
    if (name.empty() && config_.streams.size() == 1) return config_.streams.front();
    const auto found = std::ranges::find(config_.streams, name, &StreamConfig::name);
    if (found != config_.streams.end()) return *found;
    throw ConfigError(name.empty() ? "there are several streams; state HandlerOptions::stream"
                                   : "there is no stream '" + name + "'");
  }

  void run(const std::stop_token& stop) {
    RunResult result;
    std::exception_ptr thrown;
    try {
      const std::stop_callback asked(stop, [this] { request_stop(); });
      result = run_streams();
    } catch (const ConfigError&) {
      thrown = std::current_exception();
    } catch (const Stop& error) {
      result = {error.exit_code(), error.what()};
    } catch (const std::exception& error) {
      result = {exit_code::cannot_start, error.what()};
    }
    report(thrown, std::move(result));
  }

  RunResult run_streams() {
    mongoc_init();
    const auto streams = judged_streams(config_);
    worker::StreamRuntime& runtime = make_runtime();
    const mongo::FirstLook look = runtime.look_at_servers();
    if (look.found == mongo::FirstLook::Found::others) return {exit_code::cannot_start, look.why};
    runtime.start(streams);
    {
      const std::lock_guard lock(mutex_);
      started_ = true;
      if (stop_asked_) post_stop();
    }
    runtime.run();
    runtime.tear_down();
    return result_of(runtime);
  }

  worker::StreamRuntime& make_runtime() {
    auto log = callback_log(config_.log_level, options_.log);
    auto made = std::make_unique<worker::StreamRuntime>(
        config_, log,
        worker::StreamRuntime::Events{.ready = [this] { on_ready(); },
                                      .stopping = [this] { deadline_.arm(runtime_->stop_bound()); }});
    const std::lock_guard lock(mutex_);
    log_ = std::move(log);
    runtime_ = std::move(made);
    return *runtime_;
  }

  RunResult result_of(const worker::StreamRuntime& runtime) const {
    const auto under_way = [](const auto& handler) {
      const std::lock_guard lock(handler->mutex);
      return handler->room.any_under_way();
    };
    return {runtime.exit_code(), runtime.exit_code() == exit_code::ok ? "" : runtime.why(),
            std::ranges::none_of(handlers_, under_way)};
  }

  void on_ready() {
    if (!options_.on_ready) return;
    try {
      options_.on_ready();
    } catch (...) {
      log_->error("PipelineOptions::on_ready threw: {}", async::what_of(std::current_exception()));
    }
  }

  /// Thread-safe.
  void request_stop() {
    for (const auto& handler : handlers_) handler->stopping = true;
    const std::lock_guard lock(mutex_);
    if (std::exchange(stop_asked_, true) || !started_) return;
    post_stop();
  }

  void post_stop() {
    asio::post(runtime_->strand(), [runtime = runtime_.get()] { runtime->stop(); });
  }

  /// A call to a server that does not answer hangs. The result is reported without waiting for it.
  void on_deadline() {
    RunResult result = result_of(*runtime_);
    result.complete = false;
    report(nullptr, std::move(result));
  }

  /// Reports the result, at the first call only. `done_` is destroyed then: it holds the work guard that
  /// keeps the caller's executor running.
  void report(const std::exception_ptr& thrown, RunResult result) {
    std::call_once(reported_, [&] { std::exchange(done_, nullptr)(thrown, std::move(result)); });
  }

  const asio::any_io_executor executor_;
  Config config_;
  const PipelineOptions options_;
  std::vector<std::shared_ptr<RegisteredHandler>> handlers_;
  Done done_;
  std::once_flag reported_;
  mutable std::mutex mutex_;
  // Guarded by the mutex.
  std::shared_ptr<spdlog::logger> log_;
  std::unique_ptr<worker::StreamRuntime> runtime_;
  bool started_ = false;
  bool stop_asked_ = false;

  worker::ExitDeadline deadline_;  ///< after the members that its callback uses
  std::thread thread_;
};

Pipeline::Pipeline(asio::any_io_executor executor, Config config, PipelineOptions options)
    : state_(std::make_unique<State>(std::move(executor), std::move(config), std::move(options))) {}

Pipeline::Pipeline(asio::io_context& io, Config config, PipelineOptions options)
    : Pipeline(asio::any_io_executor(io.get_executor()), std::move(config), std::move(options)) {}

Pipeline::~Pipeline() = default;

void Pipeline::on(const std::string& collection, HandlerOptions options, Handler handler) {
  state_->add(collection, std::move(options), std::move(handler));
}

void Pipeline::on(const std::string& collection, Handler handler) {
  on(collection, {}, std::move(handler));
}

asio::awaitable<RunResult> Pipeline::run(std::stop_token stop) {
  const auto initiate = [this, &stop](auto handler) {
    auto work = asio::make_work_guard(asio::get_associated_executor(handler));
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    state_->start(std::move(stop), [shared, work](const std::exception_ptr& thrown, RunResult result) {
      asio::post(work.get_executor(), [shared, thrown, result = std::move(result)]() mutable {
        (*shared)(thrown, std::move(result));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, RunResult)>(
      initiate, asio::use_awaitable);
}

RunResult Pipeline::run_blocking(std::stop_token stop) {
  std::promise<RunResult> ended;
  state_->start(std::move(stop), [&ended](const std::exception_ptr& thrown, RunResult result) {
    if (thrown) {
      ended.set_exception(thrown);
    } else {
      ended.set_value(std::move(result));
    }
  });
  return ended.get_future().get();
}

std::string Pipeline::metrics() const {
  return state_->metrics();
}

std::string Pipeline::why_not_ready() const {
  return state_->why_not_ready();
}

}  // namespace sluice
