#pragma once

#include <iosfwd>
#include <span>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"

namespace sluice::cli {

/// A flag that one command alone takes.
struct CommandFlag {
  std::string_view name;   ///< without its `--`
  std::string_view value;  ///< what its value is called in help; "": it takes none
  std::string_view help;   ///< one sentence
};

/// Every option; what a worker needs to know.
inline bool every_option(const config::Option&) {
  return true;
}

/// Where the streams and their state are, and into how many parts they are divided.
inline bool places(const config::Option& option) {
  return (option.group == "MongoDB" && option.name != "indexes") || option.group == "Shard" ||
         option.group == "Cluster";
}

/// The same, and where NATS and Redis are.
inline bool places_and_outlets(const config::Option& option) {
  return places(option) || option.group == "NATS" || option.group == "Redis";
}

struct Command {
  std::string_view name;     ///< `check`, or `dead list` for one of a group
  std::string_view usage;    ///< what follows the name
  std::string_view summary;  ///< one sentence
  bool takes_options;        ///< the options of the table, and the file
  int (*run)(const Arguments&, std::ostream& out, std::ostream& err);
  std::span<const CommandFlag> flags = {};
  std::string_view operands = {};  ///< what may follow the file: `ID...`; "": nothing
  bool takes_file = true;          ///< of those that take options: the file has to be stated
  std::string_view more = {};      ///< lines of its help behind its flags
  bool (*uses)(const config::Option&) = every_option;  ///< of the options: those that are flags of it

  constexpr Command with(bool (*used)(const config::Option&)) const {
    Command copy = *this;
    copy.uses = used;
    return copy;
  }
};

std::span<const Command> commands();

/// Null for a name that is none.
const Command* find_command(std::string_view name);

/// The commands of a group (`dead`), in their order; none for a name that is no group's.
std::vector<const Command*> commands_of_group(std::string_view group);

/// `dead` of `dead list`; "" for a command that stands alone.
std::string_view group_of(const Command& command);

int run_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int config_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int check_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int top_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int verify_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int snapshot_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int connector_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int try_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int replay_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int options_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int cluster_status_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int dead_list_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int dead_show_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int dead_retry_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int dead_drop_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int trigger_list_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int trigger_create_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int trigger_drop_command(const Arguments& arguments, std::ostream& out, std::ostream& err);
int trigger_explain_command(const Arguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace sluice::cli
