#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "flow/probe.hpp"
#include "observe/components.hpp"
#include "sluice/config.hpp"

namespace sluice::worker {

/// Asks MongoDB, and NATS and Redis where rules send to them, every second whether they are there: over
/// connections of its own, so that the answer is the same for a worker that streams and for one that stands
/// by. A thread for each, since their libraries block.
class Probes {
 public:
  explicit Probes(const Config& config);
  /// Waits for the threads, of which one may be asking a server that says nothing.
  ~Probes();
  Probes(const Probes&) = delete;
  Probes& operator=(const Probes&) = delete;

  /// One of each name: up when all servers of that name are. Thread-safe; does not block.
  std::vector<observe::Component> components() const;

 private:
  /// Asks once; blocks.
  using Ask = std::function<bool()>;
  struct Asked {
    std::string name;
    flow::Probe probe;
  };

  void add(const std::string& name, Ask ask);
  void run(Asked& asked, const Ask& ask, const std::stop_token& stop);

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::list<Asked> asked_;
  std::vector<std::jthread> threads_;  ///< last: they end before what they use
};

}  // namespace sluice::worker
