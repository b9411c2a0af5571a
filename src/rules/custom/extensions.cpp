#include "sluice/extensions.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <stdexcept>

#include "config/names.hpp"
#include "rules/registry.hpp"

namespace sluice {

namespace {

constexpr std::array<std::string_view, 11> selection_settings{"from",    "operations",    "fields", "where",
                                                              "when",    "full_document", "before", "redact",
                                                              "project", "own_writes",    "dedup_s"};
constexpr std::array<std::string_view, 3> other_settings{"linger_ms", "payload", "snapshot"};

bool is_taken(std::string_view name) {
  return std::ranges::find(selection_settings, name) != selection_settings.end() ||
         std::ranges::find(other_settings, name) != other_settings.end();
}

bool is_plain(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::ranges::all_of(name, plain);
}

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument(what);
}

std::string_view word_of(SettingType type) {
  switch (type) {
    case SettingType::text:
      return "text";
    case SettingType::integer:
      return "whole number";
    case SettingType::number:
      return "number";
    case SettingType::boolean:
      return "true or false";
    case SettingType::texts:
      return "text or list of texts";
    case SettingType::json:
      return "any value";
  }
  return "";
}

/// Checks a default by reading it like a setting in a file.
void check_fallback(const std::string& kind, const SettingSpec& spec) {
  if (!spec.fallback) return;
  const bool as_texts = spec.type == SettingType::text || spec.type == SettingType::texts;
  if (as_texts && spec.allowed.empty()) return;
  const std::string value = as_texts ? "'" + *spec.fallback + "'" : *spec.fallback;
  try {
    const std::vector<SettingSpec> alone{spec};
    CustomSettings(Settings::parse(spec.name + ": " + value, "default"), alone);
  } catch (const ConfigError& error) {
    refuse("the default of the setting '" + spec.name + "' of '" + kind +
           "' cannot be used: " + error.what());
  }
}

void check_settings(const std::string& kind, const std::vector<SettingSpec>& settings) {
  std::vector<std::string> names;
  for (const SettingSpec& spec : settings) {
    const std::string which = "the setting '" + spec.name + "' of '" + kind + "' ";
    if (!is_plain(spec.name)) {
      refuse(which + "has no usable name; use lower-case letters, digits and underscores");
    }
    if (is_taken(spec.name)) refuse(which + "has a name that the library gives a meaning to");
    if (std::ranges::find(names, spec.name) != names.end()) refuse(which + "is declared twice");
    names.push_back(spec.name);
    check_fallback(kind, spec);
  }
}

void append_help(std::string& out, const std::string& kind, std::string_view what, const std::string& summary,
                 const std::vector<SettingSpec>& settings) {
  out.append(kind).append(" (").append(what).append(")");
  if (!summary.empty()) out.append(": ").append(summary);
  out += '\n';
  for (const SettingSpec& spec : settings) {
    out.append("  ").append(spec.name).append(": ").append(
        spec.allowed.empty() ? std::string(word_of(spec.type)) : config::join_or(spec.allowed));
    out.append(spec.fallback ? ", default " + (spec.fallback->empty() ? "none" : *spec.fallback)
                             : ", required");
    if (!spec.help.empty()) out.append(". ").append(spec.help);
    out += '\n';
  }
}

}  // namespace

void Extensions::check_name(const std::string& name) const {
  if (!is_plain(name)) {
    refuse("'" + name + "' cannot name a rule or sink; use lower-case letters, digits and underscores");
  }
  const std::vector<std::string> built_in = rules::kinds();
  if (name == "name" || name == "enabled" || std::ranges::find(built_in, name) != built_in.end()) {
    refuse("'" + name + "' is a name of the library's own; choose another one");
  }
  if (rules_.contains(name) || sinks_.contains(name)) refuse("'" + name + "' is registered already");
}

Extensions& Extensions::add_rule(std::string name, RuleType type) {
  check_name(name);
  check_settings(name, type.settings);
  if (!type.make) refuse("the rule '" + name + "' has no factory");
  rules_.emplace(std::move(name), std::move(type));
  return *this;
}

Extensions& Extensions::add_sink(std::string name, SinkType type) {
  check_name(name);
  check_settings(name, type.settings);
  if (!type.make) refuse("the sink '" + name + "' has no factory");
  sinks_.emplace(std::move(name), std::move(type));
  return *this;
}

Extensions& Extensions::add_metrics(std::function<std::string()> text) {
  if (!text) refuse("a function that gives metrics is empty");
  metrics_.push_back(std::move(text));
  return *this;
}

const RuleType* Extensions::rule(std::string_view name) const {
  const auto found = rules_.find(name);
  return found == rules_.end() ? nullptr : &found->second;
}

const SinkType* Extensions::sink(std::string_view name) const {
  const auto found = sinks_.find(name);
  return found == sinks_.end() ? nullptr : &found->second;
}

std::vector<std::string> Extensions::kinds() const {
  std::vector<std::string> names;
  for (const auto& [name, type] : rules_) names.push_back(name);
  for (const auto& [name, type] : sinks_) names.push_back(name);
  std::ranges::sort(names);
  return names;
}

std::string Extensions::metrics() const {
  std::string all;
  std::size_t failed = 0;
  for (const auto& text : metrics_) {
    std::string why = "it threw an exception of unknown type";
    try {
      all += text();
      if (!all.empty() && !all.ends_with('\n')) all += '\n';
      continue;
    } catch (const std::exception& error) {
      why = error.what();
    } catch (...) {
    }
    ++failed;
    std::ranges::replace_if(
        why, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    all += "# a function that gives metrics failed: " + why + "\n";
  }
  if (metrics_.empty()) return all;
  return all +
         "# HELP sluice_custom_metrics_failed Functions of the program that gave no metrics this time.\n"
         "# TYPE sluice_custom_metrics_failed gauge\nsluice_custom_metrics_failed " +
         std::to_string(failed) + "\n";
}

std::string Extensions::help() const {
  std::string out;
  for (const auto& [name, type] : rules_) append_help(out, name, "rule", type.summary, type.settings);
  for (const auto& [name, type] : sinks_) append_help(out, name, "sink", type.summary, type.settings);
  return out;
}

}  // namespace sluice
