#include "cli/program.hpp"

#include <exception>
#include <ostream>
#include <utility>

#include "cli/commands.hpp"
#include "cli/commands/version.hpp"
#include "cli/help.hpp"
#include "cli/warnings.hpp"
#include "sluice/error.hpp"
#include "sluice/settings.hpp"
#include "text/printable.hpp"

namespace sluice::cli {
namespace {

int dispatch(const std::vector<std::string>& words, std::ostream& out, std::ostream& err,
             std::shared_ptr<const Extensions> extensions) {
  Arguments arguments = parse_arguments(words);
  arguments.extensions = std::move(extensions);
  const Command* command = find_command(arguments.command);
  if (command == nullptr) {
    if (arguments.version) {
      out << version_text();
    } else if (!arguments.command.empty()) {
      out << group_help(arguments.command);
    } else {
      out << general_help();
    }
    return exit_code::ok;
  }
  if (arguments.help) {
    out << command_help(*command);
    return exit_code::ok;
  }
  warn_of_secrets(arguments, err);
  const bool is_file = command->takes_options && command->takes_file;
  if (is_file) warn_of_writers(arguments.file, err);
  return command->run(arguments, out, err);
}

}  // namespace

int program(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
            std::shared_ptr<const Extensions> extensions) {
  try {
    return dispatch(arguments, out, err, std::move(extensions));
  } catch (const UsageError& error) {
    err << "sluice: " << text::printable_lines(error.what()) << "\n";
    return exit_code::bad_configuration;
  } catch (const ConfigError& error) {
    // No prefix, since editors and CI look for FILE:LINE at the start of a line.
    err << text::printable_lines(error.what()) << "\n";
    return exit_code::bad_configuration;
  } catch (const Stop& error) {
    err << "sluice: " << text::printable_lines(error.what()) << "\n";
    return error.exit_code();
  } catch (const std::exception& error) {
    err << "sluice: internal error: " << text::printable_lines(error.what()) << "\n";
    return exit_code::cannot_start;
  }
}

}  // namespace sluice::cli
