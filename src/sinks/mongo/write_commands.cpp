#include "sinks/mongo/write_commands.hpp"

#include <algorithm>

namespace sluice::sinks {

namespace {

// A command that has reached this size gets no further operations: half of the server's limit of 16 MiB.
constexpr std::size_t most_bytes = 8u << 20;

constexpr const char* verb(WriteCommands::Kind kind) {
  switch (kind) {
    case WriteCommands::Kind::update:
      return "update";
    case WriteCommands::Kind::remove:
      return "delete";
    case WriteCommands::Kind::insert:
      return "insert";
  }
  return "";
}

constexpr const char* operations(WriteCommands::Kind kind) {
  switch (kind) {
    case WriteCommands::Kind::update:
      return "updates";
    case WriteCommands::Kind::remove:
      return "deletes";
    case WriteCommands::Kind::insert:
      return "documents";
  }
  return "";
}

Error too_large(std::size_t bytes) {
  return {ErrorKind::own_fault, mongo::object_too_large,
          "the write has " + std::to_string(bytes) +
              " bytes, which is more than the server accepts in one command"};
}

}  // namespace

bool WriteCommands::full(const Command& command) const {
  return command.writes.size() >= most_operations_ || command.body.size() >= most_bytes;
}

/// The command that an operation can be added to; null if it needs a new one.
WriteCommands::Command* WriteCommands::find(Kind kind, const std::string& database,
                                            const std::string& collection, bool refresh) {
  const auto same_place = [&](const Command& command) {
    return *command.collection == collection && *command.database == database;
  };
  const auto takes = [&](const Command& command) {
    return command.kind == kind && command.refresh == refresh && !full(command);
  };
  if (order_ == Order::as_given) {
    const auto last = std::find_if(commands_.rbegin(), commands_.rend(), same_place);
    return last != commands_.rend() && takes(*last) ? &*last : nullptr;
  }
  const auto found = std::ranges::find_if(
      commands_, [&](const Command& command) { return same_place(command) && takes(command); });
  return found == commands_.end() ? nullptr : &*found;
}

WriteCommands::Command& WriteCommands::open(Kind kind, const std::string& database,
                                            const std::string& collection, bool refresh) {
  Command* known = find(kind, database, collection, refresh);
  return known != nullptr ? *known : start(kind, database, collection, refresh);
}

WriteCommands::Command& WriteCommands::start(Kind kind, const std::string& database,
                                             const std::string& collection, bool refresh) {
  Command& command = commands_.emplace_back(Command{kind, refresh, &database, &collection, {}, {}});
  command.body.append(verb(kind), collection).append("ordered", true);
  if (kind != Kind::insert) command.body.append("maxTimeMS", statement_ms_);
  command.body.open_array(operations(kind));
  return command;
}

/// A counter that falls to zero must be updated before it is removed, so removals come after all updates,
/// whichever command an update is in.
std::deque<WriteCommands::Command>& WriteCommands::in_order() {
  if (order_ == Order::as_given) return commands_;
  std::ranges::stable_partition(commands_, [](const Command& one) { return one.kind != Kind::remove; });
  return commands_;
}

std::size_t WriteCommands::bytes() const {
  std::size_t bytes = 0;
  for (const Command& command : commands_) bytes += command.body.size();
  return bytes;
}

Ran WriteCommands::run(mongo::Transaction& transaction) {
  Ran ran;
  for (Command& command : in_order()) {
    const bson::View body = command.body.finish();
    if (body.size() > most_command_bytes) {
      ran.error = too_large(body.size());
      ran.failed_write = command.writes.front();
      return ran;
    }
    const mongo::Reply reply = transaction.command(*command.database, body, mongo::Doing::writing);
    if (!reply.ok()) {
      ran.error = reply.error;
      const auto failed = mongo::first_write_error(reply.view());
      if (failed && failed->index < command.writes.size()) ran.failed_write = command.writes[failed->index];
      if (command.writes.size() == 1) ran.failed_write = command.writes[0];
      return ran;
    }
    const auto matched = static_cast<std::uint64_t>(reply.view().at("n").integer().value_or(0));
    ran.documents += matched;
    if (command.refresh) ran.refreshed += matched;
  }
  return ran;
}

}  // namespace sluice::sinks
