#include "cli/commands/rule_names.hpp"

#include <algorithm>
#include <vector>

namespace sluice::cli {

bool has_rule(const Config& config, const std::string& rule) {
  return std::ranges::any_of(config.streams, [&](const StreamConfig& stream) {
    return std::ranges::find(stream.rules, rule, &RuleConfig::name) != stream.rules.end();
  });
}

const StreamConfig& stream_of_rule(const Config& config, const std::string& rule, const std::string& kind) {
  std::vector<std::string> names;
  for (const StreamConfig& stream : config.streams) {
    for (const RuleConfig& one : stream.rules) {
      if (!kind.empty() && one.kind != kind) continue;
      if (one.name == rule) return stream;
      names.push_back(one.name);
    }
  }
  const std::string near = nearest_name(rule, names);
  throw ConfigError("no " + (kind.empty() ? "" : kind + " ") + "rule is called '" + rule + "'" +
                    (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

}  // namespace sluice::cli
