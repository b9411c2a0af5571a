#include "cli/help.hpp"

#include <fmt/format.h>

namespace sluice::cli {
namespace {

constexpr std::string_view kPrecedence =
    "A value comes from its flag, else from the environment, else from FILE.yaml, else from the default.\n"
    "`sluice options` lists the environment variable and the place in the file of each; `sluice config`\n"
    "shows which one is in force.\n";

}  // namespace

std::string general_help() {
  std::string text =
      "sluice keeps denormalised MongoDB data true: it reads change streams and applies rules to them.\n\n"
      "Usage:\n"
      "  sluice COMMAND [FILE.yaml] [flags]\n\n"
      "Commands:\n";
  for (const auto& command : commands()) {
    text += fmt::format("  {:<12}{}\n", command.name, command.summary);
  }
  text +=
      "\nFlags:\n"
      "  --help, -h    This text; after a command, the command's own.\n"
      "  --version     The version.\n\n"
      "Example:\n"
      "  sluice run deploy/realworld.yaml --shard-count 4 --shard-index 0 --http-port 9464\n\n"
      "Exit codes: 0 stopped on request, 1 bad configuration or flag, 2 could not start, 3 lost the lease,\n"
      "4 the stream's position is lost, 5 some dead letters could not be carried out.\n";
  return text;
}

std::string group_help(std::string_view group) {
  std::string text = "Usage:\n";
  for (const Command* command : commands_of_group(group)) {
    text += fmt::format("  sluice {} {}\n      {}\n", command->name, command->usage, command->summary);
  }
  return text + fmt::format("\nEach explains itself: sluice {} --help\n", commands_of_group(group)[0]->name);
}

std::string command_help(const Command& command) {
  std::string text =
      fmt::format("{}\n\nUsage:\n  sluice {} {}\n\n", command.summary, command.name, command.usage);
  for (const auto& flag : command.flags) {
    const std::string name = fmt::format("--{}{}{}", flag.name, flag.value.empty() ? "" : " ", flag.value);
    text += fmt::format("  {:<28} {}\n", name, flag.help);
  }
  if (!command.flags.empty() && command.takes_options) text += "\n";
  if (!command.more.empty()) text += fmt::format("{}\n", command.more);
  if (!command.takes_options) return text;
  return fmt::format("{}{}\n{}", text, config::options_help(), kPrecedence);
}

}  // namespace sluice::cli
