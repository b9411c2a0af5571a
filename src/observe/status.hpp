#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::observe {

/// What /status tells of a lane.
struct LaneStatus {
  std::size_t queued = 0;  ///< effects, those of the batch under way included
  std::optional<double> in_flight_seconds =
      {};                       ///< of the batch under way, its retries included; absent without one
  std::string last_error = {};  ///< of the batch under way; empty while nothing went wrong
};

/// What /status tells of a server outside MongoDB that a stream's rules send to.
struct OutletStatus {
  std::string name = {};  ///< its URL, without secrets
  std::vector<std::string> rules = {};
  std::string error = {};   ///< why it is down; empty while it is up
  double down_seconds = 0;  ///< while it is down
};

/// What /status tells of a stream. Times of the server are seconds since the epoch.
struct StreamStatus {
  std::string name = {};
  std::optional<int> partition = {};  ///< of a cluster; absent for a static shard
  std::string why_not_ready = {};     ///< empty when ready
  std::string waits_for = {};         ///< what a stalled stream waits for; empty when it is not stalled
  std::string note = {};              ///< what is worth knowing and keeps it from nothing; may be empty
  double lag_seconds = 0;
  std::optional<double> position = {};  ///< cluster time of the newest position below which all is done
  std::int64_t epoch = 0;               ///< 0 before the shard is ours
  double events_read = 0;
  double events_applied = 0;
  double events_published = 0;
  double events_filtered = 0;
  double events_dead = 0;
  std::int64_t events_in_flight = 0;
  std::int64_t bytes_in_flight = 0;
  std::optional<double> oplog_headroom_seconds = {};  ///< absent while unknown
  std::optional<double> oplog_exhausted_at = {};      ///< infinity for never; absent while unknown
  std::optional<double> checkpoint_age_seconds = {};  ///< absent before the first
  std::vector<OutletStatus> outlets = {};
  std::vector<LaneStatus> lanes = {};

  /// It is ready, and a server that its messages wait for is down.
  bool degraded() const;
};

/// What /status tells of the cluster that divides a stream.
struct ClusterStatus {
  std::string stream = {};
  std::string member = {};  ///< this instance
  int members = 0;          ///< live ones; 0 before it has joined
  int partitions = 0;
  int held = 0;                ///< partitions that run here
  std::string waits_for = {};  ///< why none may run yet; empty when that is not so
};

/// What /status tells of configurations that came while the worker ran.
struct ConfigurationStatus {
  std::int64_t reloads = 0;  ///< those taken up
  std::string refused = {};  ///< why the newest one was not; empty when it was
};

struct WorkerStatus {
  std::string pipeline = {};
  int shard_index = 0;
  int shard_count = 1;
  double uptime_seconds = 0;
  std::int64_t resident_bytes = 0;
  std::vector<StreamStatus> streams = {};
  std::vector<ClusterStatus> clusters = {};               ///< by stream; empty where static shards run
  std::optional<ConfigurationStatus> configuration = {};  ///< absent where none can come
};

/// One object, on one line. What is unknown is null; so is the time of an oplog that is not being exhausted.
std::string status_json(const WorkerStatus& status);

}  // namespace sluice::observe
