#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nemesis/fleet.hpp"
#include "realworld/words.hpp"
#include "support/mongod.hpp"

namespace sluice::nemesis {

enum class Fault : std::uint8_t {
  kill_worker,
  stop_worker,
  freeze_worker,
  lose_commits,
  refuse_lanes,
  refuse_floors,
  reset_connections,
  forget_connections,
  slow_network,
  cut_network,
  stall_network,
  freeze_server,
  kill_server,
  step_down,
};
constexpr int fault_kinds = 14;

std::string_view name_of(Fault fault);
/// Any of them that so many servers allow, kills of workers most often.
Fault random_fault(realworld::Random& random, int nodes);

/// What can be done to the workers, the servers and the network between them. Some of it lasts until heal().
class Faults {
 public:
  Faults(test::ReplicaSet& servers, Fleet& fleet, std::string state_database, realworld::Random& random);

  /// Returns what was done, in words.
  std::string strike(Fault fault);
  /// Ends all that lasts: servers run, the network is whole, and primary.
  void heal();

 private:
  std::size_t random_shard();
  test::MongodProcess& random_node();
  std::string strike_worker(Fault fault);
  std::string strike_network(Fault fault);
  std::string strike_server(Fault fault);
  std::string strike_commands(Fault fault);
  void fail_commands(const std::string& mode, const std::string& data);

  test::ReplicaSet& servers_;
  Fleet& fleet_;
  std::string state_database_;
  realworld::Random& random_;
};

}  // namespace sluice::nemesis
