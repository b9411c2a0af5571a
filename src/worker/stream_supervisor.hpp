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

/// What the supervisor tells the worker, on the worker's strand.
struct SupervisorEvents {
  std::function<void(const std::string& line)> say;  ///< a line that scripts wait for, on stdout
  std::function<void(int exit_code)> failed;  ///< the worker should end; the supervisor waits for stop()
  std::function<void()> ended;                ///< once, after stop(), the last thing
  std::function<void(const std::string& why)> refused = {};  ///< a stream does not come to run as it should
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
/// All but append_status() on the worker's strand.
class StreamSupervisor {
 public:
  /// `around.config` says everything but the streams.
  /// `pauses`: the delays between attempts to start a stream whose failure does not end the worker.
  StreamSupervisor(const pipeline::WorkerContext& around, const Strand& strand, SupervisorEvents events,
                   cluster::StreamFactory factory = cluster::make_stream,
                   flow::Backoff::Limits pauses = {std::chrono::seconds(1), std::chrono::seconds(30)});
  ~StreamSupervisor();
  StreamSupervisor(const StreamSupervisor&) = delete;
  StreamSupervisor& operator=(const StreamSupervisor&) = delete;

  /// Once. Throws ConfigError and Stop for a stream that cannot be made; then none has begun. One that cannot
  /// begin fails like one that fails later.
  void start(const std::vector<StreamConfig>& streams);
  /// Goes over to these streams; what did not change is left alone. Throws ConfigError and Stop for one that
  /// cannot be used: then nothing has changed.
  StreamChanges apply(const std::vector<StreamConfig>& streams);
  /// Once.
  void stop();
  /// Thread-safe.
  void append_status(observe::WorkerStatus& status) const;

 private:
  struct StreamInstance {
    std::shared_ptr<const Config> config;  ///< its own, of this stream alone; outlives what runs by it
    bool at_start = false;
    bool began = false;  ///< it started to stream
    bool failed = false;
    std::unique_ptr<cluster::RunningStream> stream;

    const StreamConfig& stream_config() const { return config->streams.front(); }
  };

  /// The place of one stream.
  struct SupervisedStream {
    SupervisedStream(const Strand& strand, flow::Backoff::Limits pauses, observe::StreamLog log);

    std::optional<StreamConfig> wanted;        ///< absent: it is to be removed
    std::optional<StreamConfig> before;        ///< what to go back to if `instance` does not come to stream
    std::unique_ptr<StreamInstance> instance;  ///< behind the mutex; null while it waits to be tried again
    std::unique_ptr<StreamInstance> next;      ///< begins when `instance` has ended
    bool connected = false;
    bool ready = false;
    flow::Backoff backoff;
    asio::steady_timer again;
    observe::RepeatedWarning failing;  ///< while it is tried again
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
  /// `tried_before`: until it has news, what it failed of is still the state of things.
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

  pipeline::WorkerContext around_;
  Strand strand_;
  SupervisorEvents events_;
  cluster::StreamFactory make_stream_;
  flow::Backoff::Limits pauses_;
  std::map<std::string, std::shared_ptr<flow::StopReasons>> stops_;  ///< by stream, over all its instances
  mutable std::mutex mutex_;
  std::map<std::string, SupervisedStream> streams_;  ///< changed on the strand and behind the mutex
  bool connected_said_ = false;
  bool ready_said_ = false;
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace sluice::worker
