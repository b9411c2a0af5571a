#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server.hpp"
#include "workload.hpp"

namespace storm {

/// Everything the command line says.
struct Options {
  std::string command_line;
  std::string command;  ///< run, sweep, memory, soak, fill, publish, cache, webhook, failover

  Sizes sizes;
  ServerOptions server;
  std::string sluice;                     ///< path of the worker's binary
  std::vector<std::string> worker_flags;  ///< handed on to it

  std::vector<std::string> scenarios;
  std::uint32_t rounds = 3;
  std::uint32_t write_batch = 1000;   ///< documents in a batch of the perfect writer
  std::int64_t one_at_a_time = 3000;  ///< events given to the one-at-a-time loop; 0 leaves it out
  int cursor_batch = 5000;            ///< batchSize of the bare cursor, and of the worker
  bool live = true;
  double live_seconds = 10;  ///< how long the paced storm lasts
  double live_rate = 0;      ///< events a second; 0: a part of what the backlog showed

  std::string over;                 ///< sweep: the setting
  std::vector<std::string> values;  ///< sweep: its values; empty: sane ones
  std::vector<std::uint32_t> backlogs = {100'000, 1'000'000};
  std::string beside;  ///< memory: another worker's binary, measured in the same run; empty: none
  std::vector<std::uint32_t> targets = {100'000, 500'000};

  std::vector<std::uint32_t> documents = {20'000, 100'000};  ///< publish, cache: of one updateMany each
  std::string nats_server;                                   ///< publish: path; empty: found
  std::string redis_server;                                  ///< cache: path; empty: found
  std::int64_t window = 4096;  ///< publish: messages that the bare publisher has under way

  std::uint32_t events = 20'000;   ///< webhook: documents of each updateMany
  std::uint32_t concurrency = 16;  ///< webhook: requests under way, of the rule and of the bare client
  std::uint32_t batch_size = 100;  ///< webhook: documents in a request of the rule with batches

  std::uint32_t kills = 30;  ///< failover: of each kind

  double minutes = 60;       ///< soak: how long
  double idle_seconds = 10;  ///< soak: idleness after each storm

  std::string results = "bench/results";
  std::string name;  ///< of the result file; empty: from the command
  bool quick = false;
};

/// Parse the command line; exits with CLI11's message and code where it is wrong, or after --help.
Options parse(int argc, char** argv);

}  // namespace storm
