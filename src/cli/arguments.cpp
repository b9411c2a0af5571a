#include "cli/arguments.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>

#include "cli/commands.hpp"
#include "config/names.hpp"

namespace sluice::cli {
namespace {

/// The flags that may be given to `command`; if null, before a command.
std::vector<std::string> flag_names(const Command* command) {
  std::vector<std::string> names = {"--help", "--version"};
  if (command != nullptr) {
    for (const auto& flag : command->flags) names.push_back(fmt::format("--{}", flag.name));
  }
  for (const auto& option : config::options()) {
    if (command == nullptr || command->uses(option)) names.push_back(fmt::format("--{}", option.name));
  }
  return names;
}

/// Where CLI11 stores what it reads. Values stay text: config checks them, with the same messages for every
/// source.
struct Read {
  std::map<std::string_view, std::string> values;
  std::map<std::string_view, bool> flags;
  std::map<std::string_view, std::string> own_values;
};

void declare_option(CLI::App& app, const config::Option& option, Read& read) {
  const std::string flag = fmt::format("--{}", option.name);
  if (option.type == config::OptionType::flag) {
    app.add_flag(flag, read.flags[option.name]);
    return;
  }
  // The last value takes precedence, as with most tools, so that scripts can add their own after "$@".
  app.add_option(flag, read.values[option.name])->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void declare_own(CLI::App& app, const CommandFlag& own, Read& read) {
  const std::string flag = fmt::format("--{}", own.name);
  if (own.value.empty()) {
    app.add_flag(flag);
    return;
  }
  app.add_option(flag, read.own_values[own.name])->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

/// The parser in which to declare a command: the top one, or its group's, which is created if necessary.
CLI::App& home_of(CLI::App& app, const Command& command, Arguments& arguments) {
  const std::string group(group_of(command));
  if (group.empty()) return app;
  const auto of_that_name = [&](const CLI::App* known) { return known->get_name() == group; };
  for (CLI::App* known : app.get_subcommands(of_that_name)) return *known;
  CLI::App* made = app.add_subcommand(group);
  made->set_help_flag();
  made->allow_extras();
  made->require_subcommand(0, 1);
  made->add_flag("--help,-h", arguments.help);
  // CLI11 calls it after the callback of a command of the group.
  made->callback([&arguments, group] {
    if (arguments.command.empty()) arguments.command = group;
  });
  return *made;
}

std::string name_in_group(const Command& command) {
  return std::string(command.name.substr(command.name.rfind(' ') + 1));
}

const CLI::App& declared(const CLI::App& app, const Command& command) {
  const std::string group(group_of(command));
  const CLI::App& home = group.empty() ? app : *app.get_subcommand(group);
  return *home.get_subcommand(name_in_group(command));
}

void declare_command(CLI::App& app, const Command& command, Arguments& arguments, Read& read) {
  CLI::App* sub = home_of(app, command, arguments).add_subcommand(name_in_group(command));
  sub->set_help_flag();
  sub->allow_extras();
  sub->add_flag("--help,-h", arguments.help);
  sub->callback([&arguments, &command] { arguments.command = command.name; });
  for (const auto& flag : command.flags) declare_own(*sub, flag, read);
  if (!command.takes_options) return;
  if (command.takes_file) sub->add_option("file", arguments.file);
  for (const auto& option : config::options()) {
    if (command.uses(option)) declare_option(*sub, option, read);
  }
}

std::string without_value(const std::string& argument) {
  return argument.substr(0, argument.find('='));
}

/// Throws UsageError for an unexpected argument. `command` is "" for an argument before the command.
[[noreturn]] void refuse_extra(const std::string& command, const std::string& extra) {
  const std::string help = "; see sluice " + (command.empty() ? "" : command + " ") + "--help";
  if (!extra.starts_with("-") || extra == "-") {
    if (!command.empty()) throw UsageError(fmt::format("unexpected argument '{}'{}", extra, help));
    std::vector<std::string> names;
    for (const auto& known : commands()) names.emplace_back(known.name);
    throw UsageError(config::unknown_name("command", extra, names, names));
  }
  const std::string flag = without_value(extra);
  const std::vector<std::string> names = flag_names(find_command(command));
  const auto& options = config::options();
  const bool foreign = std::any_of(options.begin(), options.end(), [&](const config::Option& option) {
    return flag == fmt::format("--{}", option.name);
  });
  if (foreign && std::find(names.begin(), names.end(), flag) == names.end()) {
    throw UsageError(
        fmt::format("sluice {} does not use '{}', which is an option of a worker{}", command, flag, help));
  }
  if (std::find(names.begin(), names.end(), flag) == names.end()) {
    throw UsageError(config::unknown_name("flag", flag, names, {}) + help);
  }
  throw UsageError(fmt::format("'{0}' must come after the command, as in: sluice run FILE.yaml {0}", flag));
}

/// The error as a sentence. CLI11's own text for a flag without its value is hard to read.
std::string sentence(const CLI::ParseError& error) {
  const std::string text = error.what();
  if (error.get_name() == "ArgumentMismatch" && text.starts_with("--")) {
    return "flag " + text.substr(0, text.find(':')) + " needs a value";
  }
  return text + "; see sluice --help";
}

/// Throws UsageError for a group without a subcommand, or with an unknown one.
[[noreturn]] void refuse_group(const CLI::App& app, const std::string& group) {
  std::vector<std::string> names;
  for (const Command* command : commands_of_group(group)) names.emplace_back(command->name);
  for (const auto& extra : app.get_subcommand(group)->remaining()) {
    if (!extra.starts_with("-")) {
      throw UsageError(config::unknown_name("command", group + " " + extra, names, names));
    }
  }
  throw UsageError(fmt::format("sluice {0} needs a subcommand: {1}; see sluice {0} --help", group,
                               config::join_or(names)));
}

/// Takes the arguments after the file as operands, if the command has any.
void take_extras(const CLI::App& sub, const Command& command, Arguments& arguments) {
  for (const auto& extra : sub.remaining()) {
    if (command.operands.empty() || (extra.starts_with("-") && extra != "-"))
      refuse_extra(arguments.command, extra);
    arguments.operands.push_back(extra);
  }
}

void take_values(const CLI::App& sub, const Command& command, const Read& read, Arguments& arguments) {
  for (const auto& [name, value] : read.values) {
    if (command.uses(config::option(name)) && sub.count(fmt::format("--{}", name)) > 0)
      arguments.flags.emplace(name, value);
  }
  for (const auto& [name, given] : read.flags) {
    if (given) arguments.flags.emplace(name, "true");
  }
}

void take_own(const CLI::App& sub, const Command& command, const Read& read, Arguments& arguments) {
  for (const auto& flag : command.flags) {
    if (sub.count(fmt::format("--{}", flag.name)) == 0) continue;
    arguments.own.emplace(flag.name, flag.value.empty() ? "true" : read.own_values.at(flag.name));
  }
}

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& words) {
  Arguments arguments;
  Read read;
  CLI::App app("sluice");
  app.set_help_flag();
  app.allow_extras();
  app.require_subcommand(0, 1);
  app.add_flag("--help,-h", arguments.help);
  app.add_flag("--version", arguments.version);
  for (const auto& command : commands()) declare_command(app, command, arguments, read);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 expects the reverse order
  } catch (const CLI::ParseError& error) {
    throw UsageError(sentence(error));
  }
  if (arguments.help) return arguments;
  for (const auto& extra : app.remaining(false)) refuse_extra("", extra);
  const Command* command = find_command(arguments.command);
  if (command == nullptr && !arguments.command.empty()) refuse_group(app, arguments.command);
  if (command == nullptr) return arguments;
  const CLI::App& sub = declared(app, *command);
  take_extras(sub, *command, arguments);
  take_own(sub, *command, read, arguments);
  if (!command->takes_options) return arguments;
  if (command->takes_file && arguments.file.empty()) {
    throw UsageError("sluice " + arguments.command + " needs a FILE.yaml; see sluice " + arguments.command +
                     " --help");
  }
  take_values(sub, *command, read, arguments);
  return arguments;
}

}  // namespace sluice::cli
