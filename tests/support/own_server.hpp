#pragma once

#include "support/fixture.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {

template <class Server>
struct OwnServer {
  template <class... Arguments>
  explicit OwnServer(Arguments... arguments) : own(arguments...) {}
  Server own;
};

/// Tests that kill and restart servers: each has its own replica set, and options for a storm to run on it.
template <class Server>
class ServerFaultsOn : protected OwnServer<Server>, public PipelineTest {
 protected:
  template <class... Arguments>
  explicit ServerFaultsOn(Arguments... arguments)
      : OwnServer<Server>(arguments...), PipelineTest(OwnServer<Server>::own) {
    storm_.sizes = {.users = 30, .articles = 80, .comments = 100, .favorites = 300, .seed = random_seed()};
    storm_.writers = 2;
    storm_.user_rounds = 1;
  }
  /// Waits until the workers have applied `events` more events.
  testing::AssertionResult go_on(double events) {
    const double target = metric("sluice_events_applied_total") + events;
    const bool reached =
        soon([&] { return metric("sluice_events_applied_total") >= target; }, std::chrono::minutes(1));
    if (reached) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << "only " << metric("sluice_events_applied_total") << " events of " << target;
  }

  realworld::StormOptions storm_;
};

class ServerFaults : public ServerFaultsOn<ReplicaSet> {
 protected:
  explicit ServerFaults(int nodes, Network network = Network::direct) : ServerFaultsOn(nodes, network) {}
};

}  // namespace sluice::test
