#include "nemesis/faults.hpp"

#include <array>

#include "workbench/mongo.hpp"

namespace sluice::nemesis {
namespace {

using test::MongodProcess;
using workbench::Mongo;

constexpr std::array<std::string_view, fault_kinds> names = {"kill -9 of a worker",
                                                             "stop of a worker",
                                                             "worker frozen past its lease",
                                                             "lost commits",
                                                             "lanes refused",
                                                             "floors refused",
                                                             "connections reset",
                                                             "connections forgotten",
                                                             "slow network",
                                                             "server cut off",
                                                             "server's network stalled",
                                                             "server frozen",
                                                             "kill -9 of mongod",
                                                             "step-down of the primary"};

}  // namespace

std::string_view name_of(Fault fault) {
  return names.at(static_cast<std::size_t>(fault));
}

Fault random_fault(realworld::Random& random, int nodes) {
  if (realworld::chance(random, 30)) return Fault::kill_worker;
  const auto fault = static_cast<Fault>(realworld::below(random, fault_kinds));
  return fault == Fault::step_down && nodes == 1 ? Fault::kill_server : fault;
}

Faults::Faults(test::ReplicaSet& servers, Fleet& fleet, std::string state_database, realworld::Random& random)
    : servers_(servers), fleet_(fleet), state_database_(std::move(state_database)), random_(random) {}

std::size_t Faults::random_shard() {
  return static_cast<std::size_t>(realworld::below(random_, static_cast<std::int64_t>(fleet_.shards())));
}

/// The primary half of the time: there it hurts.
MongodProcess& Faults::random_node() {
  const bool any = realworld::chance(random_, 50);
  const auto index = realworld::below(random_, static_cast<std::int64_t>(servers_.nodes()));
  return any ? servers_.node(static_cast<std::size_t>(index)) : servers_.primary();
}

std::string Faults::strike(Fault fault) {
  switch (fault) {
    case Fault::kill_worker:
    case Fault::stop_worker:
      return strike_worker(fault);
    case Fault::lose_commits:
    case Fault::refuse_lanes:
    case Fault::refuse_floors:
      return strike_commands(fault);
    case Fault::reset_connections:
    case Fault::forget_connections:
    case Fault::slow_network:
      return strike_network(fault);
    default:
      break;
  }
  // These want a majority and a way to it: one at a time.
  heal();
  if (fault == Fault::freeze_worker) return strike_worker(fault);
  if (fault == Fault::cut_network || fault == Fault::stall_network) return strike_network(fault);
  return strike_server(fault);
}

std::string Faults::strike_worker(Fault fault) {
  const auto shard = random_shard();
  if (fault == Fault::kill_worker) fleet_.kill(shard);
  if (fault == Fault::stop_worker) fleet_.stop(shard);
  if (fault == Fault::freeze_worker) {
    fleet_.await_ready();
    fleet_.freeze(shard);
  }
  return "shard " + std::to_string(shard);
}

std::string Faults::strike_network(Fault fault) {
  // The others let every server be reached, so any node will do, without a look at who is the primary.
  const bool lasting = fault == Fault::cut_network || fault == Fault::stall_network;
  MongodProcess& node = lasting ? random_node()
                                : servers_.node(static_cast<std::size_t>(realworld::below(
                                      random_, static_cast<std::int64_t>(servers_.nodes()))));
  auto& network = node.network();
  if (fault == Fault::reset_connections) {
    network.cut();
    network.heal();
  }
  if (fault == Fault::forget_connections) network.forget_connections();
  if (fault == Fault::slow_network)
    network.delay(std::chrono::milliseconds(1 + realworld::below(random_, 30)));
  if (fault == Fault::cut_network) network.cut();
  if (fault == Fault::stall_network) network.stall();
  return "of " + node.host();
}

std::string Faults::strike_server(Fault fault) {
  if (fault == Fault::step_down) {
    const std::string was = servers_.primary().host();
    servers_.step_down();
    return "of " + was;
  }
  MongodProcess& node = random_node();
  if (fault == Fault::freeze_server) {
    node.stop();
  } else {
    node.kill9();
  }
  return "at " + node.host();
}

std::string Faults::strike_commands(Fault fault) {
  switch (fault) {
    case Fault::lose_commits:
      fail_commands(R"({"times":5})", R"("failCommands":["commitTransaction"],"closeConnection":true)");
      return "five times";
    case Fault::refuse_lanes:
      fail_commands(R"({"activationProbability":0.3})", R"("failCommands":["update"],"namespace":")" +
                                                            state_database_ +
                                                            R"(.lanes","errorCode":14031,"errorLabels":[])");
      return "each third time";
    default:
      fail_commands(R"({"activationProbability":0.7})", R"("failCommands":["update"],"namespace":")" +
                                                            state_database_ +
                                                            R"(.shards","closeConnection":true)");
      return "most of the time";
  }
}

/// On every server that answers: whichever becomes the primary behaves alike.
void Faults::fail_commands(const std::string& mode, const std::string& data) {
  for (std::size_t i = 0; i < servers_.nodes(); ++i) {
    try {
      Mongo(servers_.direct_uri(servers_.node(i)) + "&serverSelectionTimeoutMS=2000&socketTimeoutMS=2000",
            "admin")
          .command(R"({"configureFailPoint":"failCommand","mode":)" + mode +
                   (data.empty() ? "" : ",\"data\":{" + data + "}") + "}");
    } catch (const workbench::MongoError&) {
      continue;  // down or frozen
    }
  }
}

void Faults::heal() {
  for (std::size_t i = 0; i < servers_.nodes(); ++i) servers_.node(i).network().heal();
  for (std::size_t i = 0; i < servers_.nodes(); ++i) {
    MongodProcess& node = servers_.node(i);
    node.cont();
    if (!node.running()) node.restart();
  }
  servers_.wait_for_primary();
  fail_commands("\"off\"", "");
}

}  // namespace sluice::nemesis
