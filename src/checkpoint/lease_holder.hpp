#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mongo/end_transactions.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::checkpoint {

/// Who holds a shard: enough to tell a person, and to tell on the same machine that the process is gone, so
/// that a restart after a crash need not wait for the lease to run out. Taking over is safe either way: the
/// epoch fences the old holder.
struct LeaseHolder {
  std::string host;
  std::string space;  ///< boot and pid namespace: pids mean the same only within
  std::int64_t pid = 0;
  std::int64_t started = 0;   ///< the kernel's start time of the process, for pids come again
  std::string instance = {};  ///< the application name of its connections to the server

  /// This process. The instance's name tells by itself which process it is of: one that is killed while it
  /// takes a shard is written down nowhere else.
  static LeaseHolder self();
  static LeaseHolder read(bson::View document);
  void append_to(bson::Builder& out) const;

  friend bool operator==(const LeaseHolder&, const LeaseHolder&) = default;

  /// True only when that process certainly no longer runs.
  bool is_gone() const;
  /// The same for the process that an instance's name tells of; false for names that are not ours.
  static bool is_gone(std::string_view instance);
  std::string text() const { return host + " (process " + std::to_string(pid) + ")"; }
};

/// Whether a transaction was left open by one of ours that will not come back to it: a holder known to be
/// dead
/// (`of_the_dead`), a process of this machine that runs no more, or one that has not touched it for as long
/// as a lease lives.
bool abandoned(const mongo::OpenTransaction& open, const LeaseHolder& self, int lease_ms, bool of_the_dead);

}  // namespace sluice::checkpoint
