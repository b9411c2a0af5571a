#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::observe {

/// A lane in /status.
struct LaneStatus {
  std::size_t queued = 0;  ///< effects in the queue, including those of the batch being sent
  /// Time since the current batch was first sent, including retries. Absent if there is none.
  std::optional<double> in_flight_seconds = {};
  std::string last_error = {};  ///< the last error of the current batch; empty if there was none
};

/// A server outside MongoDB that a stream's rules send to, in /status.
struct OutletStatus {
  std::string name = {};  ///< its URL, without secrets
  std::vector<std::string> rules = {};
  std::string error = {};   ///< why it is down; empty if it is up
  double down_seconds = 0;  ///< how long it has been down; 0 if it is up
};

/// A stream in /status. Times of the server are seconds since the epoch.
struct StreamStatus {
  std::string name = {};
  std::optional<int> partition = {};  ///< the cluster's partition; absent for a static shard
  std::string why_not_ready = {};     ///< empty if it is ready
  std::string waits_for = {};         ///< what a stalled stream waits for; empty if it is not stalled
  std::string note = {};              ///< something worth knowing that is not a fault; may be empty
  double lag_seconds = 0;
  std::optional<double> position = {};  ///< cluster time of the newest position up to which all is done
  std::int64_t epoch = 0;               ///< 0 before this worker has taken the shard
  double events_read = 0;
  double events_applied = 0;
  double events_published = 0;
  double events_filtered = 0;
  double events_dead = 0;
  std::int64_t events_in_flight = 0;
  std::int64_t bytes_in_flight = 0;
  std::optional<double> oplog_headroom_seconds = {};  ///< absent while unknown
  std::optional<double> oplog_exhausted_at = {};      ///< infinity for never; absent while unknown
  std::optional<double> checkpoint_age_seconds = {};  ///< absent before the first checkpoint
  std::vector<OutletStatus> outlets = {};
  std::vector<LaneStatus> lanes = {};

  /// Whether the stream is ready, but a server that its messages wait for is down.
  bool degraded() const;
};

/// How an instance reads the change stream that the instances of a cluster share, in /status.
struct FeedStatus {
  std::string reads_through = {};  ///< host:port of another instance; empty: it reads by itself
  int followers = 0;               ///< other instances that read through this one

  friend bool operator==(const FeedStatus&, const FeedStatus&) = default;
  /// As a sentence without a subject.
  std::string text() const;
};

/// The cluster that divides a stream, in /status.
struct ClusterStatus {
  std::string stream = {};
  std::string member = {};  ///< this instance
  int members = 0;          ///< live members; 0 before this instance has joined
  int partitions = 0;
  int held = 0;                         ///< partitions that run here
  std::string waits_for = {};           ///< why no partition may run yet; empty if they may
  std::optional<FeedStatus> feed = {};  ///< absent if instances share no change stream, or none is read here
};

/// Configurations that were found while the worker runs, in /status.
struct ConfigurationStatus {
  std::int64_t reloads = 0;  ///< configurations that were applied
  std::string refused = {};  ///< why the newest configuration was refused; empty if it was applied
};

struct WorkerStatus {
  std::string pipeline = {};
  int shard_index = 0;
  int shard_count = 1;
  double uptime_seconds = 0;
  std::int64_t resident_bytes = 0;
  std::vector<StreamStatus> streams = {};
  std::vector<ClusterStatus> clusters = {};               ///< one for each stream; empty with static shards
  std::optional<ConfigurationStatus> configuration = {};  ///< absent if the configuration cannot change
};

/// One JSON object, on one line. Unknown values are null, as is the time of exhaustion of an oplog that is
/// not being exhausted.
std::string status_json(const WorkerStatus& status);

}  // namespace sluice::observe
