#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::observe {

/// A lane in /status.
struct LaneStatus {
  std::size_t queued = 0;  ///< effects, including those of the batch in flight
  std::optional<double> in_flight_seconds =
      {};                       ///< age of the batch in flight, with its retries; absent if there is none
  std::string last_error = {};  ///< of the batch in flight; empty if it has not failed
};

/// A server outside MongoDB, that a stream's rules send to, in /status.
struct OutletStatus {
  std::string name = {};  ///< its URL, without secrets
  std::vector<std::string> rules = {};
  std::string error = {};   ///< why it is down; empty while it is up
  double down_seconds = 0;  ///< while it is down
};

/// A stream in /status. Server times are seconds since the epoch.
struct StreamStatus {
  std::string name = {};
  std::optional<int> partition = {};  ///< of a cluster; absent for a static shard
  std::string why_not_ready = {};     ///< empty when ready
  std::string waits_for = {};         ///< what a stalled stream waits for; empty if it is not stalled
  std::string note = {};              ///< information that is not a fault; may be empty
  double lag_seconds = 0;
  std::optional<double> position =
      {};                  ///< cluster time of the newest position below which all events are resolved
  std::int64_t epoch = 0;  ///< 0 before this instance holds the shard
  double events_read = 0;
  double events_applied = 0;
  double events_published = 0;
  double events_filtered = 0;
  double events_dead = 0;
  std::int64_t events_in_flight = 0;
  std::int64_t bytes_in_flight = 0;
  std::optional<double> oplog_headroom_seconds = {};  ///< absent while unknown
  std::optional<double> oplog_exhausted_at = {};      ///< infinity: never; absent while unknown
  std::optional<double> checkpoint_age_seconds = {};  ///< absent before the first checkpoint
  std::vector<OutletStatus> outlets = {};
  std::vector<LaneStatus> lanes = {};

  /// Whether it is ready while a server that its messages wait for is down.
  bool degraded() const;
};

/// The cluster that divides a stream, in /status.
struct ClusterStatus {
  std::string stream = {};
  std::string member = {};  ///< this instance
  int members = 0;          ///< live members; 0 before this instance has joined
  int partitions = 0;
  int held = 0;                ///< partitions held by this instance
  std::string waits_for = {};  ///< why no partition may run yet; otherwise empty
};

/// Configurations received while the worker ran, in /status.
struct ConfigurationStatus {
  std::int64_t reloads = 0;  ///< how many were applied
  std::string refused = {};  ///< why the newest one was refused; empty if it was applied
};

struct WorkerStatus {
  std::string pipeline = {};
  int shard_index = 0;
  int shard_count = 1;
  double uptime_seconds = 0;
  std::int64_t resident_bytes = 0;
  std::vector<StreamStatus> streams = {};
  std::vector<ClusterStatus> clusters = {};               ///< by stream; empty for static shards
  std::optional<ConfigurationStatus> configuration = {};  ///< absent if the configuration cannot change
};

/// One JSON object on one line. Unknown values are null, as is the time at which an oplog is exhausted that
/// never will be.
std::string status_json(const WorkerStatus& status);

}  // namespace sluice::observe
