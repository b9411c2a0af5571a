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

/// The servers outside MongoDB that one stream's rules send to, and which of them are down. One is down while
/// a lane of any of the stream's parts in this process waits for it, or a part that starts does. That
/// degrades the worker, which stays ready: log, metric, /readyz and /status say it, from here. Thread-safe; a
/// lane that works takes no lock.
class OutletStates {
 public:
  OutletStates(observe::StreamLog log, std::string stream, observe::Readiness& readiness,
               observe::Metrics& metrics);
  ~OutletStates();
  OutletStates(const OutletStates&) = delete;
  OutletStates& operator=(const OutletStates&) = delete;

  /// The rule sends to this server. The same again changes nothing.
  void add(const std::string& server, const std::string& rule);

  /// `who` (a lane, a part that starts) cannot go on, because of this server. `events`: how many wait with
  /// it.
  void failed(const std::string& who, const std::string& server, const Error& error, std::int64_t events);
  /// `who` waits for no server any more.
  void works(const std::string& who);
  /// Nor do those whose names begin with this: they end, and what they waited for is not known to work.
  void forget(const std::string& whose);

  /// Call it regularly: it tells once a minute of what is still down.
  void tell_due(flow::Time now);

  std::vector<observe::OutletStatus> status() const;
  /// The names of those that are down.
  std::vector<std::string> down() const;

 private:
  struct Outlet {
    explicit Outlet(observe::OutletMetric metric) : up(std::move(metric)) {}

    observe::OutletMetric up;
    std::vector<std::string> rules;
    std::set<std::string> waiting;  ///< who
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
  std::map<std::string, Outlet> outlets_;  ///< by server; behind the mutex
};

}  // namespace sluice::pipeline
