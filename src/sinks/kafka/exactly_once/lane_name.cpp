#include "sinks/kafka/exactly_once/lane_name.hpp"

#include <charconv>

namespace sluice::sinks::kafka {

namespace {

constexpr std::string_view lane_prefix = "lane-";
constexpr std::string_view layout_prefix = "lanes-";
constexpr std::string_view of_word = "-of-";

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// Reads "3-of-8".
bool read_place(std::string_view text, std::uint64_t& index, std::uint64_t& count) {
  const auto of = text.find(of_word);
  return of != std::string_view::npos && read_number(text.substr(0, of), index) &&
         read_number(text.substr(of + of_word.size()), count) && index < count;
}

/// Cuts off the part behind the last slash. Empty if there is no slash.
std::string_view cut_last(std::string_view& text) {
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view last = text.substr(slash + 1);
  text = text.substr(0, slash);
  return last;
}

}  // namespace

std::optional<LaneName> LaneName::parse(std::string_view id) {
  LaneName name;
  const std::string_view lane = cut_last(id);
  const std::string_view shard = cut_last(id);
  const bool is_lane = lane.starts_with(lane_prefix) &&
                       read_place(lane.substr(lane_prefix.size()), name.lane, name.lanes) &&
                       read_place(shard, name.shard, name.shards);
  if (!is_lane) return std::nullopt;
  name.stream = id;
  return name;
}

std::optional<LaneName> LaneName::parse_layout(std::string_view key) {
  LaneName name;
  const std::string_view lanes = cut_last(key);
  const std::string_view shard = cut_last(key);
  const bool is_layout = lanes.starts_with(layout_prefix) &&
                         read_number(lanes.substr(layout_prefix.size()), name.lanes) && name.lanes > 0 &&
                         read_place(shard, name.shard, name.shards);
  if (!is_layout) return std::nullopt;
  name.stream = key;
  return name;
}

std::string LaneName::id() const {
  return stream + "/" + std::to_string(shard) + "-of-" + std::to_string(shards) + "/lane-" +
         std::to_string(lane) + "-of-" + std::to_string(lanes);
}

std::string LaneName::layout_key() const {
  return stream + "/" + std::to_string(shard) + "-of-" + std::to_string(shards) + "/lanes-" +
         std::to_string(lanes);
}

}  // namespace sluice::sinks::kafka
