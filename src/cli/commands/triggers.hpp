#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/trigger_store.hpp"
#include "cli/arguments.hpp"
#include "mongo/raii.hpp"

/// What the commands of `sluice trigger` share.
namespace sluice::cli {

/// A trigger, and where it is kept.
struct KeptTrigger {
  checkpoint::Trigger trigger;
  checkpoint::TriggerStore* store;
  std::string problem = {};  ///< why it does not run; "" where nothing is known of that
};

/// The triggers of the configuration that a command was given.
class TriggerDesk {
 public:
  /// Throws ConfigError and Stop.
  explicit TriggerDesk(const Arguments& arguments);

  /// Those of the file.
  const std::vector<StreamConfig>& streams() const { return config_.streams; }
  /// All of the pipeline, in the order in which they were made on each cluster.
  std::vector<KeptTrigger> all();
  /// The one of that name, of the stream that `--stream` names where it does. Throws UsageError where there
  /// is none, or there are several.
  KeptTrigger only(const std::string& name);

  /// The stream that `text` (the text's own word, or "") or `--stream` names, or the only one. Throws
  /// UsageError.
  const StreamConfig& stream(const std::string& text) const;
  /// Into how many shards or partitions the configuration divides the work.
  int parts() const { return config_.parts(); }
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

/// The text of a trigger: the operand, or what stands in the file that `--from` names. Throws UsageError
/// where it is neither or both.
std::string trigger_text(const Arguments& arguments);

/// With one space where there was any white space.
std::string on_one_line(const std::string& text);

}  // namespace sluice::cli
