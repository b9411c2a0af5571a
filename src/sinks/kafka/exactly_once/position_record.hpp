#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sinks::kafka {

/// The value of a key of the positions' topic. Under a lane's id: what the lane has written, in the same
/// transaction as the messages. Under the key of a layout: that a worker uses it.
struct PositionRecord {
  std::int64_t epoch = 0;  ///< of the lease under which it was written
  std::string position;    ///< all messages of events up to here are in their topics; "": none
  /// Of the messages up to there, those that Kafka refused and that are dead letters: `topic id`. The record
  /// may have been written before the dead letter.
  std::vector<std::string> refused;
  bool closed = false;  ///< a worker with another layout has fenced the lane

  friend bool operator==(const PositionRecord&, const PositionRecord&) = default;

  /// As JSON.
  std::string text() const;
  /// Nothing if the text is no record.
  static std::optional<PositionRecord> parse(std::string_view text);
};

/// The topic's records by their keys.
using PositionRecords = std::map<std::string, PositionRecord, std::less<>>;

/// How a message is named in PositionRecord::refused.
std::string refused_name(std::string_view topic, std::string_view id);

}  // namespace sluice::sinks::kafka
