#pragma once

#include <spdlog/logger.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "flow/time.hpp"
#include "observe/log/repeated_warning.hpp"
#include "operations/triggers.hpp"
#include "sluice/worker.hpp"

namespace sluice::worker {

/// Checks every second for changes of what the worker should run: the streams of its ConfigSource, and the
/// triggers in the state databases. It has its own thread, since both may block.
class Reloader {
 public:
  /// Called on the reloader's thread.
  struct Events {
    /// The worker should run these streams, which have been validated. `refused`: why a newer configuration
    /// of the source was refused; empty if the newest is in use.
    std::function<void(std::vector<StreamConfig> streams, const std::string& refused)> changed;
    std::function<void(const std::string& why)> refused;  ///< a new configuration; running streams continue
  };

  /// `config` is the configuration that the worker starts with. All arguments must outlive the reloader.
  /// Throws ConfigError for unusable rules.
  Reloader(const Config& config, ConfigSource& source, spdlog::logger& log, Events events);
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  /// The streams to start with, including those of triggers that could be read. Call it before start(). If
  /// `servers_answer` is false, triggers are not read yet: that would block for the URI's server selection
  /// timeout.
  std::vector<StreamConfig> first(bool servers_answer);

  void start();
  /// Checks at once instead of at the next second. Thread-safe.
  void look_now();

 private:
  using Hashes = std::map<std::string, std::string>;

  void run(const std::stop_token& stop);
  void look(bool asked);
  bool take(ConfigNews news);
  void refuse(const std::string& why);
  void accept(const std::vector<StreamConfig>& streams, const Hashes& hashes);
  std::vector<StreamConfig> all_streams();

  const Config& config_;
  ConfigSource& source_;
  spdlog::logger& log_;
  observe::RepeatedWarning unread_;           ///< used on the thread
  observe::RepeatedWarning triggers_unread_;  ///< used on the thread
  Events events_;
  operations::TriggerWatch triggers_;

  // Used on the thread only, once it runs.
  std::vector<StreamConfig> streams_;  ///< the source's last valid streams, without triggers
  Hashes hashes_;                      ///< options hash of the rules, by stream
  bool untold_ = false;                ///< a change was accepted and not yet passed to Events::changed
  std::string refused_;                ///< why a newer configuration was refused; empty if none was

  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool asked_ = false;   ///< by look_now(); guarded by the mutex
  std::jthread thread_;  ///< declared last, so it ends before the members that it uses
};

}  // namespace sluice::worker
