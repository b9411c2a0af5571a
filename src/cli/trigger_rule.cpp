#include "cli/trigger_rule.hpp"

#include <string_view>

#include "pipeline/triggers.hpp"

namespace sluice::cli {

/// CREATE [OR REPLACE] TRIGGER, and the rule as YAML.
TriggerRule compile(const std::string& text) {
  TriggerRule made;
  made.rule = text;
  for (const std::string_view head : {"CREATE OR REPLACE TRIGGER ", "CREATE TRIGGER "}) {
    if (!text.starts_with(head)) continue;
    made.replace = head.size() > std::string_view("CREATE TRIGGER ").size();
    made.rule = text.substr(head.size());
  }
  made.name = pipeline::rule_of_trigger({"", "", text, made.rule}).name;
  return made;
}

}  // namespace sluice::cli
