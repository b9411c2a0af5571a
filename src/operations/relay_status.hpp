#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/membership.hpp"
#include "sluice/config.hpp"

namespace sluice::operations {

/// A relay as `sluice cluster status` found it.
struct RelayStatus {
  struct Partition {
    std::int64_t newest_s = 0;  ///< cluster time of its newest record; 0: none
    std::int64_t read_s = 0;    ///< cluster time of the position stored; 0: none
  };

  std::string stream;      ///< the pipeline's stream
  std::string log;         ///< the JetStream stream or Kafka topic
  std::string group = {};  ///< the consumer group that assigns its partitions; "": there is none
  std::string problem;     ///< why the log cannot be read; "" if it can, or if there is none yet
  bool exists = false;     ///< whether there is a log
  std::uint64_t messages = 0;
  std::optional<std::uint64_t> bytes;  ///< none: not known
  std::string writer;                  ///< who holds its lease; "": nobody
  std::int64_t written_to_s = 0;  ///< cluster time up to which MongoDB's events are in the log, as stored
  std::int64_t now_s = 0;         ///< the database's clock
  std::vector<Partition> partitions;
};

/// Asks the state database and NATS or Kafka about the relay of a stream. `record`: the stream's cluster.
/// Blocks.
RelayStatus look_at_relay(const Config& config, const StreamConfig& stream, mongoc_client_t* client,
                          const checkpoint::ClusterRecord& record);

}  // namespace sluice::operations
