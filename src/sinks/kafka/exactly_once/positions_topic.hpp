#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "core/kafka_plan.hpp"
#include "flow/time.hpp"
#include "sinks/kafka/exactly_once/position_record.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::kafka {

/// The topic as it is created if it is missing: compacted, in segments that are small enough to be compacted
/// soon.
TopicShape positions_shape();

enum class Records : std::uint8_t {
  committed,  ///< waits for open transactions: they hold up what comes behind them
  all,        ///< also those of open and aborted transactions
};

/// Reads the records of the topic up to its end at the time of the call. Blocks for up to `patience`, or
/// until `abandoned`.
std::optional<Error> read_positions(const KafkaConfig& config, Records which, flow::Duration patience,
                                    const std::atomic<bool>& abandoned, PositionRecords& records);

}  // namespace sluice::sinks::kafka
