#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/trigger_store.hpp"
#include "cli/arguments.hpp"
#include "mongo/raii.hpp"

/// Shared by the commands of `sluice trigger`.
namespace sluice::cli {

/// A trigger and the store that contains it.
struct KeptTrigger {
  checkpoint::Trigger trigger;
  checkpoint::TriggerStore* store;
  std::string problem = {};  ///< why it does not run; "" if no problem is known
};

/// The triggers of a command's configuration, on all its clusters.
class TriggerDesk {
 public:
  /// Loads the configuration. Throws ConfigError and Stop.
  explicit TriggerDesk(const Arguments& arguments);

  /// The streams of the file.
  const std::vector<StreamConfig>& streams() const { return config_.streams; }
  /// All triggers of the pipeline: cluster by cluster, in the order of their creation.
  std::vector<KeptTrigger> all();
  /// The trigger of that name, in the stream that `--stream` names if it is given. Throws UsageError if there
  /// is none, or more than one.
  KeptTrigger only(const std::string& name);

  /// The stream that a new trigger belongs to: the one named in its text (`text`, may be "") or by
  /// `--stream`, or the only one of the file. Throws UsageError if that leaves none or several.
  const StreamConfig& stream(const std::string& text) const;
  /// The number of shards or partitions of the configuration.
  int parts() const { return config_.parts(); }
  const RelayConfig& relay() const { return config_.relay; }
  checkpoint::TriggerStore& store_of(const StreamConfig& stream);

 private:
  struct Cluster {
    std::pair<std::string, std::string> address;
    std::unique_ptr<checkpoint::TriggerStore> store;
  };

  mongo::Driver driver_;
  Config config_;
  std::string stated_stream_;  ///< `--stream`, or ""
  std::vector<Cluster> clusters_;
};

/// The text of a trigger: the operand, or the contents of the file given by `--from`. Throws UsageError if
/// neither or both are given.
std::string trigger_text(const Arguments& arguments);

/// The text with each run of white space replaced by one space, safe to print.
std::string on_one_line(const std::string& text);

}  // namespace sluice::cli
