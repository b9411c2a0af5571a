#include "worker/stream_changes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::worker {

namespace {

bool same_rule(const RuleConfig& one, const RuleConfig& other) {
  return one.name == other.name && one.kind == other.kind &&
         one.settings.all_json() == other.settings.all_json();
}

bool same_tokens(const TokenCollection& one, const TokenCollection& other) {
  return one.database == other.database && one.collection == other.collection && one.capped == other.capped;
}

}  // namespace

bool same_stream(const StreamConfig& one, const StreamConfig& other) {
  return one.name == other.name && one.uri == other.uri && one.uri_file == other.uri_file &&
         one.database == other.database && one.of_triggers == other.of_triggers &&
         std::ranges::equal(one.resume_tokens, other.resume_tokens, same_tokens) &&
         std::ranges::equal(one.rules, other.rules, same_rule);
}

const StreamConfig* find_stream(const std::vector<StreamConfig>& streams, const std::string& name) {
  const auto found = std::ranges::find(streams, name, &StreamConfig::name);
  return found == streams.end() ? nullptr : &*found;
}

StreamChanges changes_between(const std::vector<StreamConfig>& before, const std::vector<StreamConfig>& now) {
  StreamChanges changes;
  for (const StreamConfig& stream : now) {
    const StreamConfig* old = find_stream(before, stream.name);
    if (old == nullptr) {
      changes.added.push_back(stream.name);
    } else if (!same_stream(*old, stream)) {
      changes.changed.push_back(stream.name);
    }
  }
  for (const StreamConfig& stream : before) {
    if (find_stream(now, stream.name) == nullptr) changes.removed.push_back(stream.name);
  }
  return changes;
}

std::string StreamChanges::text() const {
  return fmt::format("{} stream{} changed, {} added, {} removed", changed.size(),
                     changed.size() == 1 ? "" : "s", added.size(), removed.size());
}

}  // namespace sluice::worker
