#include "cli/commands.hpp"

#include <algorithm>
#include <array>

namespace sluice::cli {
namespace {

constexpr std::array<CommandFlag, 2> kCheckFlags = {{
    {"online", "", "Also check the server: privileges, collections, pre-images, indexes and positions."},
    {"json", "", "One JSON object per line for each file."},
}};

constexpr std::array<CommandFlag, 1> kTopFlags = {{
    {"once", "", "Print one page and exit; the default if the output is not a terminal."},
}};

constexpr std::array<CommandFlag, 1> kOptionsFlags = {{
    {"markdown", "", "Print the Markdown of docs/options.md."},
}};

constexpr std::array<CommandFlag, 4> kVerifyFlags = {{
    {"repair", "", "Repair differences; workers may keep running."},
    {"sample", "N", "Check only N random targets of each rule."},
    {"rule", "NAME", "Check only this rule."},
    {"limit", "N", "Show only the first N differences; all are counted (default 100)."},
}};

constexpr std::array<CommandFlag, 3> kSnapshotFlags = {{
    {"rule", "NAME", "The rule that publishes the snapshot."},
    {"collection", "NAME", "Only this one of the rule's collections."},
    {"status", "", "Only show the progress of snapshots."},
}};

constexpr std::array<CommandFlag, 1> kClusterFlags = {{
    {"json", "", "One JSON object per line for each stream."},
}};

constexpr CommandFlag kRule = {"rule", "NAME", "Only dead letters of this rule."};
constexpr CommandFlag kStream = {"stream", "NAME", "Only dead letters of this stream."};
constexpr CommandFlag kError = {"error", "CODE|TEXT", "Only errors with this code or containing this text."};
constexpr CommandFlag kSince = {"since", "TIME",
                                "Only dead letters since then: 2h, 30m, 1d, 2026-11-21T10:00Z."};
constexpr CommandFlag kUntil = {"until", "TIME", "Only dead letters before then."};
constexpr CommandFlag kAll = {"all", "", "All dead letters that match the filters, instead of IDs."};
constexpr CommandFlag kDryRun = {"dry-run", "", "Show what would be done, without doing it."};

constexpr std::array<CommandFlag, 7> kDeadListFlags = {{
    kRule,
    kStream,
    kError,
    kSince,
    kUntil,
    {"limit", "N", "Show at most N, the newest first (default 100)."},
    {"json", "", "Complete dead letters as Extended JSON, one per line."},
}};

constexpr std::array<CommandFlag, 7> kDeadManyFlags = {
    {kAll, kRule, kStream, kError, kSince, kUntil, kDryRun}};

constexpr CommandFlag kTriggerStream = {"stream", "NAME", "The stream it belongs to, if there are several."};
constexpr CommandFlag kTriggerFile = {"from", "FILE", "Read the text from a file."};
constexpr std::array<CommandFlag, 1> kTriggerListFlags = {{
    {"json", "", "One JSON object per line for each trigger."},
}};
constexpr std::array<CommandFlag, 2> kTriggerTextFlags = {kTriggerFile, kTriggerStream};
constexpr std::array<CommandFlag, 1> kTriggerDropFlags = {kTriggerStream};

constexpr std::array<CommandFlag, 6> kConnectorFlags = {{
    {"config", "FILE",
     "The other connector's file (`connector:` at the top level); also CONFIG_FILE, or ./connector.yaml."},
    {"name", "NAME", "Name to store positions under (default RAFT_CLUSTER_NAME, or connector)."},
    {"stream", "NAME", "Name of the JetStream stream, if it is not NATS_STREAM_NAME."},
    {"replicas", "NUMBER", "Replicas of a JetStream stream that Sluice creates, 1 to 5 (default 1)."},
    {"headers", "all|none", "Whether to add our own headers (Sluice-...) to messages (default all)."},
    {"print", "", "Print the result as a file for sluice run, and exit."},
}};

constexpr std::string_view kConnectorMore =
    "Variables of the connector that is configured by variables (with defaults or examples):\n"
    "  MONGO_URI                        with the database: mongodb://h1,h2/shop?replicaSet=rs0\n"
    "  MONGO_WATCH_COLLECTIONS          users,orders\n"
    "  MONGO_WATCH_OPERATIONS           insert,update,replace\n"
    "  MONGO_RESUME_TOKENS_COLLECTION   cs_resume_tokens\n"
    "  NATS_SERVER_URL                  nats://127.0.0.1:4222\n"
    "  NATS_STREAM_NAME                 cs\n"
    "  HTTP_PORT                        3000\n"
    "  RAFT_CLUSTER_NAME                connector\n"
    "  RAFT_CLUSTER_SIZE                any: one instance publishes, the others stand by\n"
    "Variables that override the other connector's file: MONGO_URI, NATS_URL, SERVER_ADDR, LOG_LEVEL.\n";

constexpr std::array<CommandFlag, 1> kTryFlags = {{
    {"event", "FILE", "The change event as JSON, - for standard input; missing parts are filled in."},
}};

constexpr std::array<CommandFlag, 7> kReplayFlags = {{
    {"store", "RULE", "The event_store rule whose events are replayed."},
    {"to", "RULE", "The rule to pass them to."},
    {"aggregate", "ID", "Only events of this aggregate: a JSON value, or plain text."},
    {"since", "TIME", "Only events since then: 2h, 30m, 1d, 2026-11-21T10:00Z."},
    {"until", "TIME", "Only events before then."},
    {"run", "NAME",
     "A name that becomes part of the message ids: receivers drop duplicates if the run is repeated under "
     "it."},
    {"dry-run", "", "Only count the effects."},
}};

/// Joins several tables into one.
template <std::size_t... sizes>
constexpr auto joined(const std::array<Command, sizes>&... parts) {
  std::array<Command, (sizes + ...)> all{};
  std::size_t end = 0;
  const auto add = [&](const auto& part) {
    for (const Command& command : part) all[end++] = command;
  };
  (add(parts), ...);
  return all;
}

/// Commands that run a worker, and check or show its configuration and state.
constexpr std::array<Command, 4> kWorkerCommands = {{
    {"run", "FILE.yaml [flags]", "Run a worker until it is stopped (SIGTERM or Ctrl-C).", true, run_command},
    {"check", "FILE.yaml... [--online] [--json] [flags]",
     "Check files (- for standard input) and their rules, with --online also their servers; exits with 1 on "
     "problems, with 2 if MongoDB cannot be reached.",
     true, check_command, kCheckFlags, "FILE.yaml..."},
    {"config", "FILE.yaml [flags]", "Print the values in force and where each came from, secrets masked.",
     true, config_command},
    Command{"cluster status", "FILE.yaml [--json] [flags]",
            "Show which member holds which partition, since when, and how far behind it is; exits with 2 if "
            "MongoDB or the relay's log cannot be read.",
            true, cluster_status_command, kClusterFlags}
        .with(places_and_relay),
}};

constexpr std::array<Command, 4> kDeadCommands = {{
    Command{"dead list", "FILE.yaml [filters] [--limit N] [--json] [flags]", "List the dead letters.", true,
            dead_list_command, kDeadListFlags}
        .with(places),
    Command{"dead show",
            "FILE.yaml ID [flags]",
            "Print one dead letter with its event.",
            true,
            dead_show_command,
            {},
            "ID"}
        .with(places),
    Command{"dead retry", "FILE.yaml (ID... | --all [filters]) [--dry-run] [flags]",
            "Apply dead letters, exactly once, whether or not workers are running.", true, dead_retry_command,
            kDeadManyFlags, "ID..."}
        .with(places_and_outlets),
    Command{"dead drop", "FILE.yaml (ID... | --all [filters]) [--dry-run] [flags]",
            "Drop dead letters without applying them.", true, dead_drop_command, kDeadManyFlags, "ID..."}
        .with(places),
}};

constexpr std::array<Command, 1> kTopCommands = {{
    {"top", "[--once] [URL...]",
     "Show the state of running workers, every second; the default URL is http://127.0.0.1:9464.", false,
     top_command, kTopFlags, "URL..."},
}};

constexpr std::array<Command, 4> kTriggerCommands = {{
    Command{"trigger list", "FILE.yaml [--json] [flags]", "List the triggers of a pipeline.", true,
            trigger_list_command, kTriggerListFlags}
        .with(places),
    Command{"trigger create", "FILE.yaml (TEXT | --from FILE) [--stream NAME] [flags]",
            "Create a trigger; running workers load it within seconds.", true, trigger_create_command,
            kTriggerTextFlags, "TEXT"}
        .with(places),
    Command{"trigger drop", "FILE.yaml NAME [--stream NAME] [flags]",
            "Drop a trigger; running workers stop it within seconds.", true, trigger_drop_command,
            kTriggerDropFlags, "NAME"}
        .with(places),
    Command{"trigger explain", "FILE.yaml (NAME | TEXT | --from FILE) [--stream NAME] [flags]",
            "Print the rule that a trigger becomes, and the part that the server evaluates.", true,
            trigger_explain_command, kTriggerTextFlags, "NAME|TEXT"}
        .with(places),
}};

/// Commands on what rules maintain and publish.
constexpr std::array<Command, 4> kTargetCommands = {{
    Command{"verify", "FILE.yaml [--repair] [--sample N] [--rule NAME] [flags]",
            "Compare the targets of every rule with its sources; exits with 1 if differences remain.", true,
            verify_command, kVerifyFlags}
        .with(places),
    Command{"snapshot", "FILE.yaml (--rule NAME [--collection NAME] | --status) [flags]",
            "Ask workers to publish the existing documents of a rule's collections.", true, snapshot_command,
            kSnapshotFlags}
        .with(places),
    Command{"try", "FILE.yaml RULE --event FILE.json [flags]",
            "Show what a rule would do with an event, without doing it.", true, try_command, kTryFlags,
            "RULE"}
        .with(places),
    Command{"replay",
            "FILE.yaml --store RULE --to RULE [--aggregate ID] [--since TIME] [--until TIME] [flags]",
            "Pass stored events to a rule again, in their order.", true, replay_command, kReplayFlags}
        .with(places_and_outlets),
}};

constexpr std::array<Command, 2> kOtherCommands = {{
    {"connector",
     "[--config FILE] [--name NAME] [--stream NAME] [--print] [flags]",
     "Publish to NATS in place of another connector, configured by its variables (MONGO_URI, "
     "MONGO_WATCH_COLLECTIONS, NATS_SERVER_URL ...) or its file.",
     true,
     connector_command,
     kConnectorFlags,
     {},
     false,
     kConnectorMore},
    {"options", "[--markdown]", "Print every option with its unit, default and range.", false,
     options_command, kOptionsFlags},
}};

constexpr auto kCommands =
    joined(kWorkerCommands, kDeadCommands, kTopCommands, kTriggerCommands, kTargetCommands, kOtherCommands);

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(),
                                  [name](const Command& command) { return command.name == name; });
  return found == kCommands.end() ? nullptr : &*found;
}

std::string_view group_of(const Command& command) {
  const auto space = command.name.find(' ');
  return space == std::string_view::npos ? std::string_view{} : command.name.substr(0, space);
}

std::vector<const Command*> commands_of_group(std::string_view group) {
  std::vector<const Command*> members;
  for (const Command& command : kCommands) {
    if (!group.empty() && group_of(command) == group) members.push_back(&command);
  }
  return members;
}

}  // namespace sluice::cli
