#pragma once

#include <iosfwd>
#include <span>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"

namespace sluice::cli {

/// A flag that only this command has, in addition to the worker's options.
struct CommandFlag {
  std::string_view name;   ///< without `--`
  std::string_view value;  ///< the name of its value in the help; "" if it takes none
  std::string_view help;   ///< one sentence
};

/// Accepts every option: for commands that run a worker or check its configuration.
inline bool every_option(const config::Option&) {
  return true;
}

/// Accepts the options that say where the streams and their state are, and how many shards or partitions a
/// stream has.
inline bool places(const config::Option& option) {
  return (option.group == "MongoDB" && option.name != "indexes") || option.group == "Shard" ||
         option.group == "Cluster";
}

/// Accepts the same, and the options of the relay and its server.
inline bool places_and_relay(const config::Option& option) {
  return places(option) || option.group == "Relay" || option.group == "NATS" || option.group == "Kafka";
}

/// Accepts the places, and the options of the servers that rules send to.
inline bool places_and_outlets(const config::Option& option) {
  return places(option) || option.group == "NATS" || option.group == "Kafka" || option.group == "RabbitMQ" ||
         option.group == "AWS" || option.group == "Redis";
}

struct Command {
  std::string_view name;     ///< `check`, or `dead list` for a command of a group
  std::string_view usage;    ///< the arguments, as the help shows them after the name
  std::string_view summary;  ///< one sentence
  bool takes_options;        ///< accepts the worker's options as flags
  int (*run)(const Arguments&, std::ostream& out, std::ostream& err);
  std::span<const CommandFlag> flags = {};
  std::string_view operands = {};  ///< the arguments after the file: `ID...`; "" if it takes none
  bool takes_file = true;          ///< FILE.yaml is required; ignored without takes_options
  std::string_view more = {};      ///< lines to show in its help after its flags
  bool (*uses)(const config::Option&) = every_option;  ///< which of the worker's options it accepts

  constexpr Command with(bool (*used)(const config::Option&)) const {
    Command copy = *this;
    copy.uses = used;
    return copy;
  }
};

std::span<const Command> commands();

/// Null if there is no command of that name.
const Command* find_command(std::string_view name);

/// The commands of a group (`dead`), in their order; empty if there is no such group.
std::vector<const Command*> commands_of_group(std::string_view group);

/// The group's name: `dead` for `dead list`; "" for a command without a group.
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
