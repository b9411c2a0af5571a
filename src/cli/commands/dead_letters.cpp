#include "cli/commands/dead_letters.hpp"

#include <fmt/format.h>

#include <chrono>

#include "cli/load_config.hpp"
#include "cli/own_flags.hpp"
#include "cli/views/moment.hpp"
#include "config/names.hpp"
#include "mongo/quiet.hpp"

namespace sluice::cli {

namespace {

using operations::LetterFilter;
using operations::LetterId;

LetterId parse_id(const std::string& text) {
  if (const auto id = operations::letter_id(text)) return *id;
  throw UsageError(fmt::format(
      "'{}' is not the ID of a dead letter: 24 hexadecimal digits, as printed by sluice dead list", text));
}

bool any(const LetterFilter& filter) {
  return filter.rule || filter.stream || filter.code || filter.text || filter.since_ms || filter.until_ms;
}

}  // namespace

LetterFilter letter_filter(const Arguments& arguments) {
  LetterFilter filter;
  filter.rule = given(arguments, "rule");
  filter.stream = given(arguments, "stream");
  if (const auto error = given(arguments, "error")) {
    const auto code = config::whole_number(*error);
    if (code && *code == static_cast<std::int32_t>(*code)) {
      filter.code = static_cast<std::int32_t>(*code);
    } else {
      filter.text = *error;
    }
  }
  filter.since_ms = given_moment(arguments, "since");
  filter.until_ms = given_moment(arguments, "until");
  return filter;
}

DeadDesk::DeadDesk(const Arguments& arguments) : config_(load_config_with_triggers(arguments)) {
  // Our own messages replace those that the driver would write to stderr.
  mongo::quiet_driver();
  clusters_ = operations::dead_letters_of(config_);
}

void DeadDesk::refuse_typos(const LetterFilter& filter) const {
  std::vector<std::string> streams;
  std::vector<std::string> rules;
  for (const StreamConfig& stream : config_.streams) {
    streams.push_back(stream.name);
    for (const RuleConfig& rule : stream.rules) rules.push_back(rule.name);
  }
  const auto refuse = [](std::string_view what, const std::optional<std::string>& word,
                         const std::vector<std::string>& names) {
    if (!word || std::find(names.begin(), names.end(), *word) != names.end()) return;
    throw UsageError(config::unknown_name(what, *word, names, names));
  };
  refuse("stream", filter.stream, streams);
  refuse("rule", filter.rule, rules);
}

std::vector<ChosenOnCluster> DeadDesk::by_id(const std::vector<std::string>& texts) {
  std::vector<ChosenOnCluster> chosen;
  for (auto& cluster : clusters_) chosen.push_back({cluster.get(), {}});
  for (const std::string& text : texts) {
    const LetterId id = parse_id(text);
    const auto holds = [&](const ChosenOnCluster& one) { return one.letters->find(id, false).has_value(); };
    const auto found = std::find_if(chosen.begin(), chosen.end(), holds);
    if (found == chosen.end()) {
      throw UsageError(fmt::format(
          "pipeline {1} has no dead letter {0}; it was retried or dropped, or this is the wrong file", text,
          config_.pipeline));
    }
    found->ids.push_back(id);
  }
  return chosen;
}

std::vector<ChosenOnCluster> DeadDesk::chosen(const Arguments& arguments) {
  const LetterFilter filter = letter_filter(arguments);
  const bool all = arguments.own.contains("all");
  const std::string help = fmt::format("; see sluice {} --help", arguments.command);
  if (all && !arguments.operands.empty()) throw UsageError("give either IDs or --all" + help);
  if (!all && arguments.operands.empty()) throw UsageError("name the dead letters: IDs, or --all" + help);
  if (!all && any(filter)) throw UsageError("filters go with --all" + help);
  if (!all) return by_id(arguments.operands);
  std::vector<ChosenOnCluster> chosen;
  bool none = true;
  for (auto& cluster : clusters_) {
    chosen.push_back({cluster.get(), cluster->ids(filter)});
    none = none && chosen.back().ids.empty();
  }
  if (none) refuse_typos(filter);
  return chosen;
}

std::string letters_counted(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " dead letter" : " dead letters");
}

}  // namespace sluice::cli
