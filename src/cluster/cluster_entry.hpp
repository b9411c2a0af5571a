#pragma once

#include <optional>
#include <string>

#include "checkpoint/layout_store.hpp"
#include "checkpoint/membership.hpp"
#include "observe/log/log_line.hpp"
#include "pipeline/stream.hpp"
#include "pipeline/stream_resources.hpp"
#include "requirements/requirements.hpp"

namespace sluice::cluster {

/// Makes this instance a member of a stream's cluster: prepares the databases, agrees with the other members
/// on the position at which the stream begins, connects to the servers that the rules publish to, and writes
/// the member's document. Blocks. Only the member's thread uses it.
class ClusterEntry {
 public:
  /// Everything referred to must outlive the entry.
  struct Parts {
    const pipeline::WorkerContext& context;
    const StreamConfig& config;
    const requirements::Rules& rules;
    const std::string& condition;  ///< the member's name in /readyz
    const observe::StreamLog& log;
    pipeline::StreamResources& resources;
    checkpoint::LayoutStore& layout;
    checkpoint::Membership& membership;
    int partitions;
  };

  explicit ClusterEntry(Parts parts) : parts_(parts) {}

  /// Tries once. After an error it may be called again.
  std::optional<Error> attempt();
  /// Whether the last attempt failed because the relay's log cannot be used, or a server that the rules
  /// publish to could not be prepared.
  bool stopped_at_outlets() const { return at_outlets_; }

  /// Connects to the servers that the rules publish to, and reports the result to the stream's OutletStates.
  std::optional<Error> reach_outlets();
  /// Stores in the state database why a stream of triggers does not run. An empty text means that it runs.
  /// Does nothing for other streams, or if the text has not changed.
  void note_problem(const std::string& why);

 private:
  void tell_rights(mongoc_client_t* client);
  std::optional<Error> tell_present(Position& at, bool has_run);
  std::optional<Error> look_at_relay();

  Parts parts_;
  bool rights_told_ = false;
  bool relay_looked_at_ = false;
  bool at_outlets_ = false;
  std::optional<std::string> noted_;  ///< the last text of note_problem()
};

}  // namespace sluice::cluster
