#pragma once

#include <spdlog/logger.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/trigger_store.hpp"
#include "mongo/client.hpp"
#include "observe/log/repeated_warning.hpp"
#include "sluice/config.hpp"

namespace sluice::operations {

/// The name of the JetStream stream for a trigger that publishes without naming one: the only stream among
/// those of the publishing rules of `streams` that accepts its subject. Throws ConfigError if none does, or
/// more than one.
std::string jetstream_for(const std::vector<StreamConfig>& streams, const StreamConfig& stream,
                          const checkpoint::Trigger& trigger);

/// Called with a trigger that is left out, and the reason.
using TriggerComplaint = std::function<void(const checkpoint::Trigger& trigger, const std::string& why)>;

/// The stream that runs the triggers of `stream`. It reads the same database, and has its own position and
/// lanes. A trigger that is not a valid rule, or that conflicts with earlier ones, is left out, so there may
/// be no rules. `parts`: the number of shards or partitions of the worker that will run it.
StreamConfig trigger_stream(const StreamConfig& stream, const std::vector<checkpoint::Trigger>& triggers,
                            const TriggerComplaint& complain, int parts = 1);

/// The streams, followed by the streams of their triggers. A trigger whose JetStream stream is also one of
/// the relay is left out.
std::vector<StreamConfig> with_triggers(const std::vector<StreamConfig>& streams,
                                        const std::vector<checkpoint::Trigger>& triggers,
                                        const TriggerComplaint& complain, int parts = 1,
                                        const RelayConfig& relay = {});

/// The same, with the triggers that the state databases hold now. Invalid ones are left out. Throws Stop if a
/// server does not answer. Blocks.
std::vector<StreamConfig> with_kept_triggers(const Config& config);

/// Reads the triggers from the state databases, over its own connections. Blocks. Not thread-safe.
class TriggerWatch {
 public:
  /// `config` gives the names of the pipeline and of the state database.
  TriggerWatch(const Config& config, spdlog::logger& log);

  /// Reads the triggers, with one query for each cluster that `streams` are on. Returns whether they have
  /// changed. If a cluster does not answer, its last known triggers are kept.
  bool look(const std::vector<StreamConfig>& streams);

  /// The triggers as of the last look().
  std::vector<checkpoint::Trigger> triggers() const;

  /// Connections to the cluster of this stream; null if no stream at the last look() was on it.
  mongo::ClientPool* pool_of(const StreamConfig& stream);

 private:
  struct Cluster {
    std::pair<std::string, std::string> address;  ///< URI, and the file that contains it
    std::unique_ptr<mongo::ClientPool> pool;
    std::vector<checkpoint::Trigger> triggers;
    observe::RepeatedWarning unread;
  };

  bool look_at(Cluster& cluster, const std::vector<StreamConfig>& streams);
  Cluster& cluster_of(const StreamConfig& stream);

  const std::string pipeline_;
  const std::string database_;
  spdlog::logger& log_;
  std::vector<Cluster> clusters_;
};

}  // namespace sluice::operations
