#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/error.hpp"

/// A log of events in partitions, between one writer and any number of readers. Its records have one order
/// over all partitions, by sequences that grow by one; old records are dropped from its front.
namespace sluice {

/// What is kept with an event in the log.
struct RelayHeader {
  std::string version;         ///< of the filter that the events were read with: OWNER-HASH
  std::uint64_t previous = 0;  ///< sequence of the partition's record before this one
  int part = 0;                ///< of an event that is too large for one record, counted from 0
  int parts = 1;

  /// The pipeline, stream and database that the record is for. A log has only one owner.
  static std::string_view owner_of(std::string_view version) { return version.substr(0, version.find('-')); }
  bool is_of(std::string_view other) const { return owner_of(version) == owner_of(other); }

  /// "VERSION PREVIOUS PART PARTS"
  std::string text() const;
  static std::optional<RelayHeader> parse(std::string_view text);
};

struct RelayRecord {
  std::uint64_t sequence = 0;
  int partition = 0;
  std::string id;  ///< the event's token, and behind a slash what tells copies and parts apart
  RelayHeader header;
  std::string body;

  std::string_view token() const { return std::string_view(id).substr(0, id.find('/')); }
};

struct RelayState {
  std::uint64_t first = 0;  ///< sequence of the oldest record
  std::uint64_t last = 0;   ///< of the newest, even where it was dropped; 0: there never was one
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};

/// Reads one partition. Blocks; used by one thread.
class RelayReader {
 public:
  virtual ~RelayReader() = default;
  /// Appends the next records, `most` at most; waits up to `wait` for the first. `bytes` bounds what is taken
  /// after the first.
  virtual std::optional<Error> next(std::vector<RelayRecord>& records, std::size_t most, std::size_t bytes,
                                    std::chrono::milliseconds wait) = 0;
  /// How many records of the partition were behind the last one when the log sent it.
  virtual std::uint64_t unread() const = 0;
};

/// Appends records, many at once. Blocks; used by one thread.
class RelayAppender {
 public:
  static constexpr std::size_t most_records = 4000;  ///< between begin() and land()

  virtual ~RelayAppender() = default;
  /// The largest body.
  virtual std::size_t most_bytes() const = 0;
  virtual void begin() = 0;
  /// Appends a record if the log's last sequence is `behind`; `id` is its message id. Does not wait.
  virtual std::optional<Error> append(int partition, std::string_view id, const RelayHeader& header,
                                      std::span<const std::uint8_t> body, std::uint64_t behind) = 0;
  /// Waits, at most so long, until land() need not wait: all that was appended is acknowledged, or the log
  /// cannot acknowledge it any more. Returns whether that is so.
  virtual bool settled(std::chrono::milliseconds within, const std::stop_token& stop) = 0;
  /// Waits for all that was appended. After an error it is unknown what is in the log.
  virtual std::optional<Error> land(std::chrono::milliseconds within, const std::stop_token& stop) = 0;
};

/// Blocks; thread-safe.
class RelayLog {
 public:
  virtual ~RelayLog() = default;
  /// What it is, for messages: "the relay's JetStream stream NAME".
  virtual const std::string& name() const = 0;
  /// Creates it where it is missing.
  virtual std::optional<Error> prepare() = 0;
  virtual std::optional<Error> look(RelayState& state) = 0;
  /// The record with this sequence; none if it was dropped.
  virtual std::optional<Error> get(std::uint64_t sequence, std::optional<RelayRecord>& record) = 0;
  /// The newest record of a partition.
  virtual std::optional<Error> last_of(int partition, std::optional<RelayRecord>& record) = 0;
  /// Reads a partition from a sequence on.
  virtual std::optional<Error> read(int partition, std::uint64_t from,
                                    std::unique_ptr<RelayReader>& reader) = 0;
  virtual std::optional<Error> write(std::unique_ptr<RelayAppender>& appender) = 0;
};

/// The error for a log that was written for another pipeline or database.
Error written_by_others(const RelayLog& log);

}  // namespace sluice
