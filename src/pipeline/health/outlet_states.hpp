#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "flow/repetition.hpp"
#include "observe/log/log_line.hpp"
#include "observe/metrics.hpp"
#include "observe/readiness.hpp"
#include "observe/status.hpp"
#include "sluice/error.hpp"

namespace sluice::pipeline {

/// The servers outside MongoDB that one stream's rules send to, and which of them are down. A server is down
/// while a lane of any of the stream's parts in this process, or a part that is starting, waits for it. That
/// degrades the worker, which stays ready. The log, a metric, /readyz and /status report it from here.
/// Thread-safe; a lane that works takes no lock.
class OutletStates {
 public:
  OutletStates(observe::StreamLog log, std::string stream, observe::Readiness& readiness,
               observe::Metrics& metrics);
  ~OutletStates();
  OutletStates(const OutletStates&) = delete;
  OutletStates& operator=(const OutletStates&) = delete;

  /// The rule sends to this server. Adding it again changes nothing.
  void add(const std::string& server, const std::string& rule);

  /// `who` (a lane, or a part that is starting) cannot continue because of this server. `events`: how many
  /// events wait.
  void failed(const std::string& who, const std::string& server, const Error& error, std::int64_t events);
  /// `who` no longer waits for any server.
  void works(const std::string& who);
  /// Everyone whose name begins with `whose` has ended, and no longer waits. Whether the servers work is not
  /// known.
  void forget(const std::string& whose);

  /// Call it regularly: it logs once a minute what is still down.
  void tell_due(flow::Time now);

  std::vector<observe::OutletStatus> status() const;
  /// The names of the servers that are down.
  std::vector<std::string> down() const;

 private:
  struct Outlet {
    explicit Outlet(observe::OutletMetric metric) : up(std::move(metric)) {}

    observe::OutletMetric up;
    std::vector<std::string> rules;
    std::set<std::string> waiting;  ///< who waits for the server
    flow::Repetition repetition;
    std::string error;
    std::int32_t code = 0;
    std::int64_t events = 0;
    flow::Time down_since{};
  };

  std::string condition_of(const std::string& server) const;
  void tell(const std::string& server, const Outlet& outlet, const flow::Repetition::Told& told) const;
  void let_go(const std::string& server, Outlet& outlet);
  void let_go_of_others(const std::string& who, const std::string& server);

  const observe::StreamLog log_;
  const std::string stream_;
  observe::Readiness& readiness_;
  observe::Metrics& metrics_;
  mutable std::mutex mutex_;
  std::map<std::string, Outlet> outlets_;  ///< by server; guarded by mutex_
};

}  // namespace sluice::pipeline
