#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "text/columns.hpp"

namespace sluice::cli {
namespace {

constexpr std::string_view kPrecedence =
    "A flag takes precedence over the environment, the environment over FILE.yaml, and the file over\nthe "
    "default. `sluice options` lists the environment variable and the key in the file of each "
    "option;\n`sluice config` shows which one is in force.\n";

std::string usage_of(const Command& command) {
  return text::entry("", 2, fmt::format("sluice {} {}", command.name, command.usage));
}

}  // namespace

std::string general_help() {
  std::string text =
      "sluice reads MongoDB change streams and applies rules to them: it keeps denormalised data up "
      "to\ndate, publishes changes and calls services.\n\n"
      "Usage:\n"
      "  sluice COMMAND [FILE.yaml] [flags]\n\n"
      "Commands:\n";
  std::size_t width = 0;
  for (const auto& command : commands()) width = std::max(width, command.name.size());
  for (const auto& command : commands()) {
    text += text::entry(fmt::format("  {}", command.name), width + 4, command.summary);
  }
  text +=
      "\nFlags:\n"
      "  --help, -h    Show this text; after a command, the help of that command.\n"
      "  --version     Show the version, its commit and compiler, and the libraries.\n\n"
      "Example:\n"
      "  sluice run deploy/realworld.yaml --shard-count 4 --shard-index 0 --http-port 9464\n\n"
      "Exit codes: 0 stopped on request, 1 bad configuration or flag, 2 could not start, 3 lost the lease,\n"
      "4 the stream's position is lost, 5 some dead letters could not be applied, 130 ended at once by a\n"
      "second Ctrl-C (143: by a second SIGTERM).\n";
  return text;
}

std::string group_help(std::string_view group) {
  std::string text = "Usage:\n";
  for (const Command* command : commands_of_group(group)) {
    text += usage_of(*command) + text::entry("", 6, command->summary);
  }
  return text + fmt::format("\nFor details: sluice {} --help\n", commands_of_group(group)[0]->name);
}

std::string command_help(const Command& command) {
  std::string text = text::entry("", 0, command.summary) + "\nUsage:\n" + usage_of(command) + "\n";
  std::vector<std::string> names;
  std::size_t width = 0;
  for (const auto& flag : command.flags) {
    names.push_back(fmt::format("--{}{}{}", flag.name, flag.value.empty() ? "" : " ", flag.value));
    width = std::max(width, names.back().size());
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += text::entry("  " + names[i], width + 4, command.flags[i].help);
  }
  if (!command.flags.empty() && command.takes_options) text += "\n";
  if (!command.more.empty()) text += fmt::format("{}\n", command.more);
  if (!command.takes_options) return text;
  return fmt::format("{}{}\n{}", text, config::options_help(command.uses), kPrecedence);
}

}  // namespace sluice::cli
