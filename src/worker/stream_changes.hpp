#pragma once

#include <string>
#include <vector>

#include "sluice/config.hpp"

namespace sluice::worker {

/// Whether both state the same source, starting point and rules.
bool same_stream(const StreamConfig& one, const StreamConfig& other);

/// The differences between two lists of streams, by stream name.
struct StreamChanges {
  std::vector<std::string> changed;
  std::vector<std::string> added;
  std::vector<std::string> removed;

  bool any() const { return !changed.empty() || !added.empty() || !removed.empty(); }
  /// `1 stream changed, 0 added, 2 removed`
  std::string text() const;
};

StreamChanges changes_between(const std::vector<StreamConfig>& before, const std::vector<StreamConfig>& now);

/// The stream of that name; null if there is none.
const StreamConfig* find_stream(const std::vector<StreamConfig>& streams, const std::string& name);

}  // namespace sluice::worker
