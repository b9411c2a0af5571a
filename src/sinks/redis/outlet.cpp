#include "sinks/redis/outlet.hpp"

#include <optional>
#include <unordered_map>

#include "bson/json_writer.hpp"

namespace sluice::sinks {

namespace {

/// The value to store for a message; points into the message or into `text`. Returns nullopt and sets
/// `failure` if the document cannot be written as JSON.
std::optional<std::string_view> value_of(const Message& message, CachePlan::Format format, std::string& text,
                                         bson::JsonFailure& failure) {
  if (!message.payload) return message.text;
  if (format == CachePlan::Format::bson)
    return std::string_view(reinterpret_cast<const char*>(message.payload.data()), message.payload.size());
  const bool canonical = format == CachePlan::Format::canonical_json;
  text.clear();
  failure = bson::append_json(text, message.payload,
                              canonical ? bson::JsonStyle::canonical : bson::JsonStyle::relaxed);
  return failure == bson::JsonFailure::none ? std::optional<std::string_view>(text) : std::nullopt;
}

}  // namespace

/// Registers a connection as in use: while this object exists, abandon() interrupts the connection.
class Cache::Use {
 public:
  Use(Cache& cache, sinks::redis::Connection& connection) : cache_(cache), connection_(connection) {
    const std::lock_guard lock(cache_.mutex_);
    cache_.in_use_.push_back(&connection_);
    if (cache_.abandoned_) connection_.interrupt();
  }
  ~Use() {
    const std::lock_guard lock(cache_.mutex_);
    std::erase(cache_.in_use_, &connection_);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  Cache& cache_;
  sinks::redis::Connection& connection_;
};

void Cache::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  for (sinks::redis::Connection* connection : in_use_) connection->interrupt();
}

std::variant<Cache::Handle, Error> Cache::take() {
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return abandoned_error("Redis at " + config_.shown_url());
    if (!idle_.empty()) {
      Handle connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return sinks::redis::Connection::open(config_);
}

void Cache::give_back(Handle connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

/// Called after an error of one connection. The idle ones are likely affected, too: the server has stopped or
/// was replaced.
void Cache::forget_idle() {
  const std::lock_guard lock(mutex_);
  idle_.clear();
}

std::optional<Error> Cache::greet() {
  forget_idle();
  auto taken = take();
  if (auto* error = std::get_if<Error>(&taken)) return std::move(*error);
  auto& connection = std::get<Handle>(taken);
  auto answer = [&] {
    const Use use(*this, *connection);
    return connection->ask({"PING"});
  }();
  if (auto* error = std::get_if<Error>(&answer)) return std::move(*error);
  give_back(std::move(connection));
  return std::nullopt;
}

/// An unreachable server is only a warning: the stream starts, and sends its batches when the server is back.
std::optional<Error> Cache::prepare() {
  auto error = greet();
  if (!error || error->kind != ErrorKind::unavailable) return error;
  say_(true, error->message);
  return std::nullopt;
}

/// The batch's commands, for each key only the last one.
Cache::Commands Cache::commands_of(const Batch& batch) const {
  Commands commands;
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < batch.writes.size(); ++i) {
    if (!takes(batch.writes[i])) continue;
    const auto& write = std::get<DeliverWrite>(batch.writes[i]);
    const Command command{i, static_cast<const CachePlan*>(write.plan), write.message,
                          late_ || write.message->verb == CachePlan::drop};
    const auto [known, fresh] = places.try_emplace(write.message->address, commands.size());
    if (fresh) {
      commands.push_back(command);
    } else {
      commands[known->second] = command;
    }
  }
  return commands;
}

void Cache::append(sinks::redis::Connection& connection, Command& command, std::string& text) const {
  const std::string_view key = command.message->address;
  if (!command.drop) {
    auto failure = bson::JsonFailure::none;
    if (const auto value = value_of(*command.message, command.plan->format, text, failure)) {
      if (command.plan->ttl_ms == 0) {
        connection.append({CachePlan::set, key, *value});
      } else {
        connection.append({CachePlan::set, key, *value, "PX", std::to_string(command.plan->ttl_ms)});
      }
      return;
    }
    command.drop = true;
    say_(true, "the key '" + std::string(key) + "' is deleted instead of being kept: " +
                   bson::reason_of(failure) + "; use format 'bson' in the rule");
  }
  connection.append({CachePlan::drop, key});
}

/// Turns commands that were refused for their own values into deletions, so that no older value stays under
/// the key. Returns true if there are any, and the commands have to be sent again.
bool Cache::drop_refused(const sinks::redis::Exchanged& done, Commands& commands) const {
  bool any = false;
  for (const sinks::redis::Refused& refused : done.refused) {
    Command& command = commands[refused.index];
    if (refused.error.kind != ErrorKind::own_fault || command.drop) continue;
    command.drop = true;
    any = true;
    say_(true, "the key '" + std::string(command.message->address) +
                   "' is deleted instead of being kept: " + refused.error.message);
  }
  return any;
}

/// Sends all commands over one connection, and reads the answers.
sinks::redis::Exchanged Cache::exchange(Commands& commands) {
  if (commands.empty()) return {};
  auto taken = take();
  if (auto* error = std::get_if<Error>(&taken)) return {.broken = std::move(*error)};
  auto& connection = std::get<Handle>(taken);
  std::string text;
  for (Command& command : commands) append(*connection, command, text);
  sinks::redis::Exchanged done;
  {
    const Use use(*this, *connection);
    done = connection->exchange();
  }
  if (done.refused.empty() && !done.broken) {
    give_back(std::move(connection));
  } else {
    forget_idle();
  }
  return done;
}

Outcome Cache::send(const Batch& batch) {
  Commands commands = commands_of(batch);
  sinks::redis::Exchanged done = exchange(commands);
  // The server may have closed the connection because it was idle for too long: try once more with a new one.
  if (done.closed && done.refused.empty()) done = exchange(commands);
  while (drop_refused(done, commands)) done = exchange(commands);
  Outcome outcome;
  if (!done.refused.empty()) {
    outcome.error = std::move(done.refused.front().error);
    outcome.failed_write = commands[done.refused.front().index].write;
  } else {
    outcome.error = std::move(done.broken);
  }
  // An operator can correct the error while the worker runs, so the worker retries.
  if (outcome.error && outcome.error->kind == ErrorKind::fatal) outcome.error->kind = ErrorKind::unavailable;
  outcome.committed = !outcome.error;
  outcome.documents = outcome.committed ? commands.size() : 0;
  return outcome;
}

}  // namespace sluice::sinks
