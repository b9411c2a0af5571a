#include <fstream>
#include <iostream>
#include <iterator>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/commands/rule_names.hpp"
#include "cli/load_config.hpp"
#include "config/load.hpp"
#include "mongo/quiet.hpp"
#include "mongo/raii.hpp"
#include "operations/dry_run.hpp"
#include "sluice/error.hpp"
#include "text/printable.hpp"

namespace sluice::cli {
namespace {

std::string event_text(const Arguments& arguments) {
  const auto stated = arguments.own.find("event");
  if (stated == arguments.own.end())
    throw UsageError("name the file with the event as JSON: --event FILE.json (or - for standard input)");
  if (stated->second != "-") return config::read_text(stated->second);
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

/// Adds the triggers, since the rule may be one. If they cannot be read, only the file's rules can be tried.
Config with_triggers_if_any(Config config, const Arguments& arguments) {
  try {
    return load_config_with_triggers(arguments);
  } catch (const Stop&) {
    return config;
  }
}

}  // namespace

int try_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  if (arguments.operands.size() != 1)
    throw UsageError("name one rule: sluice try FILE.yaml RULE --event FILE.json");
  const std::string& rule = arguments.operands.front();
  mongo::quiet_driver();
  const mongo::Driver driver;
  Config config = load_config(arguments);
  if (!has_rule(config, rule)) config = with_triggers_if_any(std::move(config), arguments);
  const operations::DryRun trial =
      operations::try_rule(stream_of_rule(config, rule), rule, event_text(arguments));
  if (trial.effects.empty()) out << rule << ": does nothing: " << text::printable(trial.why_none) << "\n";
  for (const std::string& effect : trial.effects)
    out << rule << ": " << text::printable_lines(effect) << "\n";
  return exit_code::ok;
}

}  // namespace sluice::cli
