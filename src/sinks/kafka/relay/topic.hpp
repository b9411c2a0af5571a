#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "core/kafka_plan.hpp"
#include "flow/time.hpp"
#include "sinks/kafka/raii.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::kafka {

/// What the brokers say about a topic.
struct TopicFacts {
  int partitions = 0;  ///< 0: there is no such topic
  /// The settings that matter here, by their names. Empty if the user may not read them.
  std::map<std::string, std::string> settings;
};

/// How a relay's topic is created.
TopicShape relay_topic_shape(const RelayConfig& config);

/// Why this topic cannot hold a relay of so many partitions. Empty if it can.
std::string why_no_relay_log(const std::string& name, int partitions, const TopicFacts& topic);

/// The largest body of a record. With its headers it fits into the topic's largest message.
std::size_t most_record_bytes(const TopicFacts& topic);
/// How many bytes of records a request for one partition may hold, so that the topic accepts it.
std::size_t most_batch_bytes(const TopicFacts& topic);

/// Blocks for up to `patience` for each of two requests.
std::optional<Error> look_at_relay_topic(rd_kafka_t* client, const std::string& topic,
                                         flow::Duration patience, TopicFacts& facts);

/// Drops all records of the topic. Blocks for up to `patience`.
std::optional<Error> empty_topic(rd_kafka_t* client, const std::string& topic, int partitions,
                                 flow::Duration patience);

}  // namespace sluice::sinks::kafka
