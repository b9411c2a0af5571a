#include "rules/shared/apart.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "rules/registry.hpp"

namespace sluice::rules {

namespace {

void check_name(const std::vector<StreamConfig>& streams, const StreamConfig& added) {
  if (std::ranges::find(streams, added.name, &StreamConfig::name) == streams.end()) return;
  const RuleConfig& rule = added.rules.front();
  rule.settings.fail("", "rule '" + rule.name + "' runs in a separate stream, '" + added.name +
                             "', and another stream has that name; rename one of them");
}

/// Moves the publishing rules of a stream into a stream of their own. Nothing if all of its rules publish, or
/// none.
std::optional<StreamConfig> take_publishers(StreamConfig& stream) {
  const auto some = std::ranges::any_of(stream.rules, publishes);
  if (!some || std::ranges::all_of(stream.rules, publishes)) return std::nullopt;
  stream.split = {stream.name, publishing_name(stream.name), stream.rules};
  StreamConfig publishing = stream;
  publishing.name = stream.split->publishing;
  std::erase_if(publishing.rules, [](const RuleConfig& rule) { return !publishes(rule); });
  std::erase_if(stream.rules, publishes);
  return publishing;
}

}  // namespace

std::string publishing_name(const std::string& stream) {
  return stream + ":publish";
}

std::string apart_name(const std::string& stream, const std::string& rule) {
  return stream + "." + rule;
}

bool trigger_stands_apart(const RuleConfig& rule) {
  return rule.kind == "publish" || stands_apart(rule);
}

std::vector<StreamConfig> with_callers_apart(std::vector<StreamConfig> stated) {
  std::vector<StreamConfig> streams;
  std::vector<StreamConfig> apart;
  for (StreamConfig& stream : stated) {
    const auto stays = [&](const RuleConfig& rule) {
      return !(stream.of_triggers ? trigger_stands_apart(rule) : stands_apart(rule));
    };
    const auto first = std::stable_partition(stream.rules.begin(), stream.rules.end(), stays);
    for (auto rule = first; rule != stream.rules.end(); ++rule) {
      apart.push_back(stream);
      apart.back().name = apart_name(stream.name, rule->name);
      apart.back().rules = {*rule};
    }
    stream.rules.erase(first, stream.rules.end());
    if (stream.rules.empty()) continue;
    auto publishing = take_publishers(stream);
    streams.push_back(std::move(stream));
    if (publishing) streams.push_back(std::move(*publishing));
  }
  for (StreamConfig& stream : apart) {
    check_name(streams, stream);
    streams.push_back(std::move(stream));
  }
  return streams;
}

}  // namespace sluice::rules
