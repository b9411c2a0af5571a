#include "cli/commands.hpp"

#include <algorithm>
#include <array>

namespace sluice::cli {
namespace {

constexpr std::array<CommandFlag, 1> kCheckFlags = {{
    {"online", "", "Ask the server as well: rights, collections, pre-images, indexes and positions."},
}};

constexpr std::array<CommandFlag, 1> kTopFlags = {{
    {"once", "", "Print one plain page and end; so it does anyway where the output is no terminal."},
}};

constexpr std::array<CommandFlag, 1> kOptionsFlags = {{
    {"markdown", "", "As docs/options.md has them."},
}};

constexpr std::array<Command, 5> kCommands = {{
    {"run", "FILE.yaml [flags]", "Run a worker until it is told to stop (SIGTERM or Ctrl-C).", true,
     run_command},
    {"check", "FILE.yaml [--online] [flags]",
     "Check a file and its rules, with --online its server too; exits with 1 if something is no good.", true,
     check_command, kCheckFlags},
    {"config", "FILE.yaml [flags]", "Print the values in force and where each came from, secrets masked.",
     true, config_command},
    {"top", "[--once] [URL...]",
     "Watch workers at work, each second; a URL is http://127.0.0.1:9464 unless it is given.", false,
     top_command, kTopFlags, "URL..."},
    {"options", "[--markdown]", "Print every option with its unit, default and range.", false,
     options_command, kOptionsFlags},
}};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(),
                                  [name](const Command& command) { return command.name == name; });
  return found == kCommands.end() ? nullptr : &*found;
}

}  // namespace sluice::cli
