#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/strand.hpp"
#include "cluster/running_stream.hpp"
#include "cluster/stream_factory.hpp"
#include "flow/backoff.hpp"
#include "observe/log/repeated_warning.hpp"
#include "observe/status.hpp"
#include "worker/stream_changes.hpp"

namespace sluice::worker {

/// The supervisor's events for the worker. Called on the worker's strand.
struct SupervisorEvents {
  std::function<void(const std::string& line)> say;  ///< a line that scripts wait for, on stdout
  std::function<void(int exit_code)> failed;  ///< the worker should end; the supervisor waits for stop()
  std::function<void()> ended;                ///< once, after stop(), the last call
  std::function<void(const std::string& why)> refused = {};  ///< a stream went back to its old configuration
  std::function<void()> ready = {};  ///< once: from now on no change of any stream is missed
};

/// Runs the streams of a process, each as a static shard or as a member of its cluster, and applies changes
/// of the configuration. A stream that changes is stopped as at the worker's end, so that its position is
/// stored, and then restarted from there. Each stream has its own configuration, which lives as long as it
/// does.
///
/// A stream that fails ends the worker, so that a supervisor of processes restarts the whole. Exceptions: a
/// stream that was changed and cannot start returns to its old configuration; one that was added, or that
/// runs triggers, is retried without affecting others.
///
/// Use everything but append_status() on the worker's strand.
class StreamSupervisor {
 public:
  /// `context.config` has all settings; its list of streams is not used.
  /// `pauses`: the delays between attempts to start a stream whose failure does not end the worker.
  StreamSupervisor(const pipeline::WorkerContext& context, const Strand& strand, SupervisorEvents events,
                   cluster::StreamFactory factory = cluster::make_stream,
                   flow::Backoff::Limits pauses = {std::chrono::seconds(1), std::chrono::seconds(30)});
  ~StreamSupervisor();
  StreamSupervisor(const StreamSupervisor&) = delete;
  StreamSupervisor& operator=(const StreamSupervisor&) = delete;

  /// Starts the streams. Call it once. Throws ConfigError and Stop if a stream cannot be made; then none has
  /// begun. A stream that cannot begin is reported by `failed`, like one that fails later.
  void start(const std::vector<StreamConfig>& streams);
  /// Starts, stops and restarts streams so that exactly these run. Unchanged streams are not touched. Throws
  /// ConfigError and Stop for an unusable stream; then nothing has changed.
  StreamChanges apply(const std::vector<StreamConfig>& streams);
  /// Stops all streams. Call it once.
  void stop();
  /// Thread-safe.
  void append_status(observe::WorkerStatus& status) const;

 private:
  struct StreamInstance {
    std::shared_ptr<const Config> config;  ///< its own copy, with this stream alone; shared with what uses it
    bool at_start = false;
    bool began = false;  ///< it has been ready
    bool failed = false;
    std::unique_ptr<cluster::RunningStream> stream;

    const StreamConfig& stream_config() const { return config->streams.front(); }
  };

  /// A stream by name, over all its instances.
  struct SupervisedStream {
    SupervisedStream(const Strand& strand, flow::Backoff::Limits pauses, observe::StreamLog log);

    std::optional<StreamConfig> wanted;        ///< absent: it is being removed
    std::optional<StreamConfig> before;        ///< the last one that worked, if `wanted` has not worked yet
    std::unique_ptr<StreamInstance> instance;  ///< guarded by the mutex; null while it waits to be retried
    std::unique_ptr<StreamInstance> next;      ///< begins when `instance` has ended
    bool connected = false;
    bool ready = false;
    flow::Backoff backoff;
    asio::steady_timer again;
    observe::RepeatedWarning failing;  ///< logs that it does not run, while it is retried
  };

  std::unique_ptr<StreamInstance> make_instance(const StreamConfig& stream, bool at_start);
  pipeline::StreamObserver events_of(const std::string& name, StreamInstance* instance);
  std::vector<StreamConfig> wanted() const;
  SupervisedStream& entry(const std::string& name);
  SupervisedStream* stream_of(const std::string& name, const StreamInstance* instance);
  void change(SupervisedStream& supervised, const StreamConfig& stream,
              std::unique_ptr<StreamInstance> instance);
  void remove(const std::string& name);
  void put(SupervisedStream& supervised, std::unique_ptr<StreamInstance> instance);
  void retire(std::unique_ptr<StreamInstance> instance);
  /// `tried_before`: keeps the reason of the last failure in /readyz until this try has a result.
  void begin(const std::string& name, SupervisedStream& supervised, bool tried_before = false);
  void on_connected(const std::string& name, StreamInstance* instance);
  void on_ready(const std::string& name, StreamInstance* instance);
  void on_failed(const std::string& name, StreamInstance* instance, int exit_code);
  void on_ended(const std::string& name, StreamInstance* instance);
  void after(const std::string& name, SupervisedStream& supervised, const StreamInstance& ended);
  void go_back(const std::string& name, SupervisedStream& supervised);
  void try_again_later(const std::string& name, SupervisedStream& supervised, const std::string& why);
  observe::StreamLog log_of(const std::string& name) const;
  void try_again(const std::string& name);
  void forget_conditions(const std::string& name);
  void forget(const std::string& name);
  void say_lines();
  void end_if_empty();

  pipeline::WorkerContext context_;
  Strand strand_;
  SupervisorEvents events_;
  cluster::StreamFactory make_stream_;
  flow::Backoff::Limits pauses_;
  std::map<std::string, std::shared_ptr<flow::StopReasons>> stops_;  ///< by stream, kept over its instances
  mutable std::mutex mutex_;
  std::map<std::string, SupervisedStream> streams_;  ///< changed on the strand, under the mutex
  bool connected_said_ = false;
  bool ready_said_ = false;
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace sluice::worker
