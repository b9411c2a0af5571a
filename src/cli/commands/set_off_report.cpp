#include "cli/commands/set_off_report.hpp"

#include <algorithm>

#include "rules/shared/apart.hpp"

namespace sluice::cli {

namespace {

/// The name of the rule's stream in the file. The stream that runs it may have another name, such as
/// `NAME:publish`.
std::string stated_stream(const std::vector<StreamConfig>& stated, const StreamConfig& runs,
                          const std::string& rule) {
  for (const StreamConfig& one : stated) {
    const bool same = runs.name == one.name || runs.name == rules::publishing_name(one.name) ||
                      runs.name == rules::apart_name(one.name, rule);
    if (same && std::ranges::find(one.rules, rule, &RuleConfig::name) != one.rules.end()) return one.name;
  }
  return runs.name;
}

std::string in_words(const rules::SetOff& one) {
  std::string text = "what it writes to " + one.text() + " sets off " + one.reader;
  if (one.conditional) text += " where its condition holds";
  if (one.may_ignore) text += "; if that is not intended, set 'own_writes: ignore' in that rule";
  return text;
}

std::string in_words(const rules::Loop& loop) {
  std::string text =
      loop.rules.size() == 1 ? "what it writes triggers it again" : "rules trigger each other: ";
  for (std::size_t i = 0; i < loop.rules.size() && loop.rules.size() > 1; ++i) text += loop.rules[i] + " -> ";
  if (loop.rules.size() > 1) text += loop.rules.front();
  return text + (loop.comes_to_rest
                     ? "; this ends once the copies are correct, because correct copies are not written again"
                     : "; make sure that a condition, 'fields' or 'own_writes: ignore' ends it");
}

void append_texts(text::JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.open_array(name);
  for (const std::string& text : texts) json.text({}, text);
  json.close_array();
}

}  // namespace

std::vector<rules::PlacedRule> placed_rules(const std::vector<StreamConfig>& stated,
                                            const std::vector<StreamConfig>& streams,
                                            const std::vector<requirements::Rules>& made) {
  std::vector<rules::PlacedRule> placed;
  for (std::size_t i = 0; i < made.size(); ++i) {
    const StreamConfig& stream = streams[i];
    const std::string database = stream.uri + "\n" + stream.uri_file + "\n" + stream.database;
    for (const auto& rule : made[i]) {
      const std::string name = stated_stream(stated, stream, rule->name()) + "/" + rule->name();
      placed.push_back({name, database, rule.get()});
    }
  }
  return placed;
}

SetOffReport::SetOffReport(const std::vector<rules::PlacedRule>& placed)
    : set_offs_(rules::set_offs(placed)), loops_(rules::loops(placed, set_offs_)) {}

std::vector<inspect::Finding> SetOffReport::findings() const {
  std::vector<inspect::Finding> all;
  for (const rules::SetOff& one : set_offs_) all.push_back({inspect::Level::note, one.writer, in_words(one)});
  for (const rules::Loop& one : loops_) {
    const auto level = one.comes_to_rest ? inspect::Level::note : inspect::Level::warning;
    all.push_back({level, one.rules.front(), in_words(one)});
  }
  return all;
}

void SetOffReport::append_to(text::JsonWriter& json) const {
  json.open_array("set_off");
  for (const rules::SetOff& one : set_offs_) {
    json.open_object().text("writer", one.writer).text("reader", one.reader);
    json.text("collection", one.collection);
    append_texts(json, "operations", one.operations);
    append_texts(json, "fields", one.fields);
    json.boolean("conditional", one.conditional).boolean("may_ignore", one.may_ignore).close_object();
  }
  json.close_array().open_array("loops");
  for (const rules::Loop& one : loops_) {
    json.open_object();
    append_texts(json, "rules", one.rules);
    json.boolean("comes_to_rest", one.comes_to_rest).close_object();
  }
  json.close_array();
}

}  // namespace sluice::cli
