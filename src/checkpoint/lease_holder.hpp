#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mongo/end_transactions.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::checkpoint {

/// Identifies the process that holds a shard. On the same machine it shows whether that process has ended, so
/// a restart after a crash need not wait for the lease to expire. Taking over is safe in any case: the epoch
/// fences the old holder.
struct LeaseHolder {
  std::string host;
  std::string space;  ///< boot id and pid namespace, within which a pid is unique
  std::int64_t pid = 0;
  std::int64_t started = 0;   ///< the process's start time by the kernel, since pids are reused
  std::string instance = {};  ///< the application name of its connections to the server

  /// This process. The instance's name alone identifies the process: if it is killed while it takes a shard,
  /// nothing else of it is stored.
  static LeaseHolder self();
  static LeaseHolder read(bson::View document);
  void append_to(bson::Builder& out) const;

  friend bool operator==(const LeaseHolder&, const LeaseHolder&) = default;

  /// True only if that process certainly no longer runs.
  bool is_gone() const;
  /// The same for the process that an instance's name identifies; false for names that are not from Sluice.
  static bool is_gone(std::string_view instance);
  std::string text() const { return host + " (process " + std::to_string(pid) + ")"; }
};

/// Whether a transaction was left open by a process of Sluice that will not continue it: a holder known to be
/// dead (`of_the_dead`), a process of this machine that no longer runs, or one that has not used the
/// transaction for as long as a lease lasts.
bool abandoned(const mongo::OpenTransaction& open, const LeaseHolder& self, int lease_ms, bool of_the_dead);

}  // namespace sluice::checkpoint
