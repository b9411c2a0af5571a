#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "core/relay_log.hpp"
#include "flow/time.hpp"
#include "sinks/kafka/batch_limits.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::kafka {

struct AppenderParts {
  const KafkaConfig& config;
  std::string topic;
  std::string name;              ///< what errors call the topic
  std::string transactional_id;  ///< appenders of one id fence each other
  int partitions;
  std::size_t most_bytes;  ///< of a record's body
  std::size_t batch_bytes;
  flow::Duration patience;  ///< for each step of a transaction
  /// Set when offsets went back: the topic has been deleted and created again by somebody else.
  std::shared_ptr<std::atomic<bool>> made_anew;
};

/// Fences earlier appenders of the id: when this returns an appender, none of their records can arrive any
/// more. Blocks for up to `patience`.
std::optional<Error> open_relay_appender(AppenderParts parts, std::unique_ptr<RelayAppender>& appender);

}  // namespace sluice::sinks::kafka
