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

/// Checks every second what the worker should run: the streams of its source, and the triggers in the state
/// databases. It has its own thread, since both may block.
class Reloader {
 public:
  /// All called on the reloader's thread.
  struct Events {
    /// The streams are valid as far as is known. `refused`: why the source's newest streams are not included.
    std::function<void(std::vector<StreamConfig> streams, const std::string& refused)> changed;
    std::function<void(const std::string& why)> refused;  ///< the running streams continue
  };

  /// `config` is what the source said first. Everything has to outlive it. Throws ConfigError for rules that
  /// cannot be used.
  Reloader(const Config& config, ConfigSource& source, spdlog::logger& log, Events events);
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  /// What to begin with: the streams, with their triggers as far as the servers answer. Before start(). Where
  /// no server answers, triggers are not looked for yet, which would wait for as long as the URI allows.
  std::vector<StreamConfig> first(bool servers_answer);

  void start();
  /// Thread-safe.
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
  observe::RepeatedWarning unread_;           ///< on the thread
  observe::RepeatedWarning triggers_unread_;  ///< likewise
  Events events_;
  operations::TriggerWatch triggers_;

  // On the thread only, once it runs.
  std::vector<StreamConfig> streams_;  ///< of the source's last good answer
  Hashes hashes_;                      ///< of the rules, by stream
  bool untold_ = false;                ///< accepted, but not applied yet
  std::string refused_;                ///< why a newer answer is not applied

  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool asked_ = false;   ///< behind the mutex
  std::jthread thread_;  ///< last: it ends before anything it uses
};

}  // namespace sluice::worker
