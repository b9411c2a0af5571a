#pragma once

#include <string>
#include <vector>

#include "flow/dedup.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::checkpoint {

/// The stored dedup window of one rule.
struct DedupRecord {
  std::string rule;
  flow::DedupWindow::Stored window;
  friend bool operator==(const DedupRecord&, const DedupRecord&) = default;
};

/// The field of a shard's document that contains the windows. Only a process that takes the shard reads it.
constexpr const char* windows_field = "dedupWindows";

/// The most entries that are stored with a position, divided equally among the stream's rules.
constexpr std::size_t most_stored_repetitions = 10'000;
/// The size of an entry in the stored document.
constexpr std::size_t stored_repetition_bytes = 16;

/// Appends an array of {rule, windowMs, nowMs, exact, entries} under `key`. The entries are binary data: for
/// each the content's hash and the end of its window, 8 bytes each, little-endian.
void append_windows(bson::Builder& out, std::string_view key, const std::vector<DedupRecord>& windows);

/// Entries that cannot be read count as missing; the window is then not exact.
std::vector<DedupRecord> read_windows(bson::View array);

}  // namespace sluice::checkpoint
