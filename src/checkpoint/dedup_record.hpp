#pragma once

#include <string>
#include <vector>

#include "flow/dedup.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::checkpoint {

/// What is stored of the dedup window of one rule.
struct DedupRecord {
  std::string rule;
  flow::DedupWindow::Stored window;
  friend bool operator==(const DedupRecord&, const DedupRecord&) = default;
};

/// Where a shard's document holds the windows. Only whoever takes the shard reads them.
constexpr const char* windows_field = "dedupWindows";

/// At most so many entries are stored with a position, in equal shares of the stream's rules.
constexpr std::size_t most_stored_repetitions = 10'000;
/// What an entry takes in the stored document.
constexpr std::size_t stored_repetition_bytes = 16;

/// An array of {rule, windowMs, nowMs, exact, entries}, under `key`. The entries are binary data: of each the
/// content's hash and the end of its window, 8 bytes each, little-endian.
void append_windows(bson::Builder& out, std::string_view key, const std::vector<DedupRecord>& windows);

/// Entries that cannot be read are taken for missing.
std::vector<DedupRecord> read_windows(bson::View array);

}  // namespace sluice::checkpoint
