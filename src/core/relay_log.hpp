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

#include "sluice/config.hpp"
#include "sluice/error.hpp"

/// A log of events in partitions, between one writer and any number of readers. Its writer numbers the
/// records of all partitions by one growing sequence. Old records are dropped from the front of each
/// partition.
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
  std::uint64_t place = 0;  ///< where the partition holds it, counted from 1; grows within the partition
  int partition = 0;
  std::string id;  ///< the event's token, and behind a slash what tells copies and parts apart
  RelayHeader header;
  std::string body;

  std::string_view token() const { return std::string_view(id).substr(0, id.find('/')); }
};

struct RelayState {
  std::uint64_t last = 0;  ///< no record has a greater sequence; the next one gets this plus 1
  std::uint64_t records = 0;
  std::optional<std::uint64_t> bytes;  ///< none: the log does not tell
};

/// The records of a partition, as far as its readers need to know them.
struct RelaySpan {
  std::uint64_t first = 0;            ///< place of the oldest record
  std::optional<RelayRecord> newest;  ///< none: there are no records
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
  /// Appends a record if the log's last sequence is `last_sequence`; `id` is its message id. Does not wait.
  /// A log may leave out that check if no other writer can append.
  virtual std::optional<Error> append(int partition, std::string_view id, const RelayHeader& header,
                                      std::span<const std::uint8_t> body, std::uint64_t last_sequence) = 0;
  /// Sends what append() has held back. Must be called before settled() and land(), and when nothing more may
  /// follow soon.
  virtual std::optional<Error> flush() { return std::nullopt; }
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
  /// What it is, for messages, such as "the relay's JetStream stream NAME".
  virtual const std::string& name() const = 0;
  /// Whether it exists. An error if it cannot be reached, or cannot hold the relay.
  virtual std::optional<Error> check(bool& there) = 0;
  /// Creates it where it is missing.
  virtual std::optional<Error> prepare() = 0;
  virtual std::optional<Error> look(RelayState& state) = 0;
  /// Where a partition begins and ends. `newest` may be a record of another partition, if places are the same
  /// for all partitions.
  virtual std::optional<Error> span(int partition, RelaySpan& span) = 0;
  /// The record at this place; it may be of another partition if places are the same for all. If there is
  /// none at this place, the first record of the partition behind it. None if it was dropped.
  virtual std::optional<Error> get(int partition, std::uint64_t place,
                                   std::optional<RelayRecord>& record) = 0;
  /// The newest record of a partition.
  virtual std::optional<Error> last_of(int partition, std::optional<RelayRecord>& record) = 0;
  /// Reads a partition from a place on.
  virtual std::optional<Error> read(int partition, std::uint64_t from,
                                    std::unique_ptr<RelayReader>& reader) = 0;
  /// No writer from before can append anything any more when this has returned an appender, or else when the
  /// appender has appended its first record.
  virtual std::optional<Error> write(std::unique_ptr<RelayAppender>& appender) = 0;
};

/// The name of the log of a pipeline's stream, where the configuration calls the relay `relay`. Streams that
/// were split off, and the triggers', have a log of their own.
std::string relay_log_name(const std::string& relay, const StreamConfig& stream);

/// The error for a log that was written for another pipeline or database.
Error written_by_others(const RelayLog& log);

/// That error, or why the log cannot be read, unless the log is this version's owner's. A log has only one
/// owner, so a single record tells: the newest one of the first partition that has any.
std::optional<Error> check_owner(RelayLog& log, int partitions, std::string_view version);

}  // namespace sluice
