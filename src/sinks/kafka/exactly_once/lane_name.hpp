#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::sinks::kafka {

/// The parts of a lane's id, which is "PIPELINE/STREAM/0-of-1/lane-3-of-8".
struct LaneName {
  std::string stream;  ///< "PIPELINE/STREAM"
  std::uint64_t shard = 0;
  std::uint64_t shards = 1;
  std::uint64_t lane = 0;
  std::uint64_t lanes = 1;

  friend bool operator==(const LaneName&, const LaneName&) = default;

  /// Nothing if the text is no lane's id.
  static std::optional<LaneName> parse(std::string_view id);
  /// The same for the key under which a layout is announced, "PIPELINE/STREAM/0-of-1/lanes-8". `lane` is 0.
  static std::optional<LaneName> parse_layout(std::string_view key);

  std::string id() const;
  std::string layout_key() const;
  LaneName with_lane(std::uint64_t other) const {
    LaneName name = *this;
    name.lane = other;
    return name;
  }
};

}  // namespace sluice::sinks::kafka
