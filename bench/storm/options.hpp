#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server.hpp"
#include "workload.hpp"

namespace storm {

/// The options of the command line.
struct Options {
  std::string command_line;
  /// run, sweep, memory, soak, fill, publish, kafka, rabbitmq, cache, webhook, scale, filter, failover,
  /// latency
  std::string command;

  Sizes sizes;
  ServerOptions server;
  std::string sluice;                     ///< path of the worker's binary
  std::vector<std::string> worker_flags;  ///< passed to the worker

  std::vector<std::string> scenarios;
  std::uint32_t rounds = 3;
  std::uint32_t write_batch = 1000;   ///< documents in a batch of the perfect writer
  std::int64_t one_at_a_time = 3000;  ///< events for the one-at-a-time loop; 0: it is not measured
  int cursor_batch = 5000;            ///< batchSize of the bare cursor, and of the worker
  bool live = true;
  double live_seconds = 10;  ///< duration of the paced storm
  double live_rate = 0;      ///< events per second; 0: a part of the rate measured on the backlog

  std::string over;                                            ///< sweep: the setting
  std::vector<std::string> values;                             ///< sweep: its values; empty: default ones
  std::vector<std::uint32_t> backlogs = {100'000, 1'000'000};  ///< memory: events
  std::string beside;  ///< memory: another worker's binary, measured in the same run; empty: none
  std::vector<std::uint32_t> targets = {100'000, 500'000};  ///< fill: articles

  std::vector<std::uint32_t> documents = {20'000, 100'000};  ///< publish, kafka, rabbitmq, cache
  std::string nats_server;                                   ///< publish: path; empty: looked for
  std::string redis_server;                                  ///< cache: path; empty: looked for
  std::string relay = "jetstream";                           ///< scale: where the relay's log is; or kafka
  std::string kafka_jars;  ///< kafka, scale: folder of the broker's jars; empty: SLUICE_KAFKA, or tools/kafka
  std::int64_t window = 4096;  ///< publish: messages that the bare publisher has in flight

  std::uint32_t events = 20'000;       ///< webhook, scale: documents updated by each updateMany
  std::uint32_t rule_events = 40'000;  ///< scale: the same for the rows of many rules
  std::uint32_t concurrency = 16;      ///< webhook: requests in flight, of the rule and of the bare client
  std::uint32_t batch_size = 100;      ///< webhook: documents in a request of the rule with batches

  bool writes_only = false;      ///< webhook: only the rules that write
  bool instances_only = false;   ///< scale: only the live rows
  bool rules_only = false;       ///< scale: only the rows of many rules
  bool neighbours_only = false;  ///< scale: only the rates of a webhook beside another one
  /// webhook, scale: documents of the storm in which a webhook has a neighbour
  std::uint32_t neighbour_events = 600'000;

  std::uint32_t kills = 30;  ///< failover: number of each kind

  double minutes = 60;       ///< soak: total duration
  double idle_seconds = 10;  ///< soak: idle time after each storm

  std::string results = "bench/results";
  std::string name;  ///< name of the result file; empty: made from the command
  bool quick = false;
};

/// Parses the command line. After an error, or --help, exits with CLI11's message and code.
Options parse(int argc, char** argv);

}  // namespace storm
