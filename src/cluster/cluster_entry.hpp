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

/// How an instance becomes a member of a stream's cluster: it prepares the databases, agrees with the others
/// on where the stream begins, reaches what the rules publish to, and enters its name. Blocks; the member's
/// thread alone uses it.
class ClusterEntry {
 public:
  /// All of it must outlive the entry.
  struct Parts {
    const pipeline::WorkerContext& around;
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

  /// One attempt; it may be repeated after an error.
  std::optional<Error> attempt();
  /// Whether the last attempt failed at what the rules publish to.
  bool stopped_at_outlets() const { return at_outlets_; }

  /// Connects to what the rules publish to, and notes whether that works.
  std::optional<Error> reach_outlets();
  /// Stores why the stream of triggers does not run, for those who ask the state database; empty: it does.
  void note_problem(const std::string& why);

 private:
  void tell_rights(mongoc_client_t* client);
  std::optional<Error> tell_present(Position& at);

  Parts parts_;
  bool rights_told_ = false;
  bool at_outlets_ = false;
  std::optional<std::string> noted_;  ///< of note_problem()
};

}  // namespace sluice::cluster
