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

/// The JetStream stream for a trigger that publishes and names none: the only one of these streams'
/// publishing rules that takes its subject. Throws ConfigError where there is none, or more than one.
std::string jetstream_for(const std::vector<StreamConfig>& streams, const StreamConfig& stream,
                          const checkpoint::Trigger& trigger);

/// Told of a trigger that is left out, and why.
using TriggerComplaint = std::function<void(const checkpoint::Trigger& trigger, const std::string& why)>;

/// A stream of triggers for this stream of a file: the same database, its triggers as rules, and a position,
/// lanes and fate of its own. Those that are no rule, or none beside those before them, are left out. Without
/// rules where none is left. `parts`: the shards or partitions of the worker that is to run them.
StreamConfig trigger_stream(const StreamConfig& stream, const std::vector<checkpoint::Trigger>& triggers,
                            const TriggerComplaint& complain, int parts = 1);

/// The streams, and behind them those of their triggers.
std::vector<StreamConfig> with_triggers(const std::vector<StreamConfig>& streams,
                                        const std::vector<checkpoint::Trigger>& triggers,
                                        const TriggerComplaint& complain, int parts = 1);

/// The same with the triggers as they stand now. Those that are no rule are left out. Throws Stop for a
/// server that does not answer. Blocks.
std::vector<StreamConfig> with_kept_triggers(const Config& config);

/// Looks at the triggers that the state databases hold, over connections of its own. Blocks; for one thread.
class TriggerWatch {
 public:
  /// `config` says of which pipeline, and where its state is.
  TriggerWatch(const Config& config, spdlog::logger& log);

  /// One question for each cluster that these streams are on. Whether the triggers are others than before. A
  /// cluster that does not answer keeps those that it had.
  bool look(const std::vector<StreamConfig>& streams);

  /// As they were at the last look.
  std::vector<checkpoint::Trigger> triggers() const;

  /// Connections to the cluster of a stream that was looked at. Null for any other.
  mongo::ClientPool* pool_of(const StreamConfig& stream);

 private:
  struct Cluster {
    std::pair<std::string, std::string> address;  ///< URI, or the file that holds it
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
