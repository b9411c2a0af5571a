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

/// Checks every second whether MongoDB answers, and each kind of server that rules send to. It uses its own
/// connections, so the answer is the same for an active worker and for a standby. Each server has a thread,
/// since the client libraries block.
class Probes {
 public:
  explicit Probes(const Config& config);
  /// Waits for the threads. One may be blocked on a server that does not answer.
  ~Probes();
  Probes(const Probes&) = delete;
  Probes& operator=(const Probes&) = delete;

  /// One component per name, up when all servers of that name are up. Thread-safe; does not block.
  std::vector<observe::Component> components() const;

 private:
  /// Sends one request and says whether the server answered. Blocks.
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
  std::vector<std::jthread> threads_;  ///< declared last, so they end before the members that they use
};

}  // namespace sluice::worker
