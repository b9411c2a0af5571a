#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "bson/uuid.hpp"
#include "mongo/client.hpp"

namespace sluice::mongo {

/// Records the sessions in which a pipeline writes to its targets, so that its own changes can be
/// distinguished from those of applications. Every change event of a transaction carries the id of the
/// transaction's session, a UUID that the driver generates and that no other process uses.
///
/// A session is recorded, with write concern majority, before its first transaction begins. So whoever can
/// read one of the pipeline's changes can also read the record of its session. The driver uses a few sessions
/// for all transactions of a pool, so this costs one small write for each session, not for each transaction.
///
/// Thread-safe; blocks.
class SessionRecorder {
 public:
  /// How long a record is kept after it was last written. It is written again once a day while the session is
  /// in use. A stream that is more than 29 days behind may not recognise the changes made in a session.
  static constexpr std::chrono::hours kept{30 * 24};

  /// `collection` of the state database holds {_id: UUID, pipeline, usedAt}.
  SessionRecorder(std::string database, std::string collection, std::string pipeline)
      : database_(std::move(database)), collection_(std::move(collection)), pipeline_(std::move(pipeline)) {}

  /// Creates the TTL index, unless there is one with another time. Without the right to create it, records
  /// are never removed, which does no harm.
  static std::optional<Error> expire_records(mongoc_client_t* client, const std::string& database,
                                             const std::string& collection);

  /// Records the session with this lsid, unless it was recorded within the last day.
  std::optional<Error> record(mongoc_client_t* client, bson::View lsid);

 private:
  using Clock = std::chrono::steady_clock;

  bool is_recorded(const bson::Uuid& id, Clock::time_point now);

  const std::string database_;
  const std::string collection_;
  const std::string pipeline_;
  std::mutex mutex_;  ///< locked for each transaction, never for each event
  std::unordered_map<bson::Uuid, Clock::time_point, bson::UuidHash> recorded_;
};

}  // namespace sluice::mongo
