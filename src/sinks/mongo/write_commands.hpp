#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "mongo/transaction.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::sinks {

/// How a run of commands went: the documents it matched, or the error and the write that caused it.
struct Ran {
  std::uint64_t documents = 0;
  std::uint64_t refreshed = 0;
  std::optional<Error> error;
  std::optional<std::size_t> failed_write;
  std::uint64_t copied_bytes = 0;  ///< what copies needed: documents read, and commands rendered of them
};

/// The write commands of one transaction: operations on one collection and of one kind share a command, up to
/// what the server takes in one.
class WriteCommands {
 public:
  enum class Kind : std::uint8_t { update, remove, insert };
  /// `grouped`: removals last, for all else is alike in any order. `as_given`: in each collection one
  /// operation after the other.
  enum class Order : std::uint8_t { grouped, as_given };

  static constexpr std::size_t many = 50000;  ///< half of what the server takes in one command

  /// What the server takes as one command (16 MiB and 16 KiB), less what the driver adds to ours.
  static constexpr std::size_t most_command_bytes = (16u << 20) + (14u << 10);

  /// `most_operations` go into one command; with 1, whatever goes wrong with it names its write.
  explicit WriteCommands(int statement_ms, std::size_t most_operations = many, Order order = Order::grouped)
      : statement_ms_(statement_ms), most_operations_(most_operations), order_(order) {}

  /// Adds one operation that `fill` writes into the open document; `write` is the index that an error names.
  /// `fill` is called twice where the operation has to go into a command of its own.
  template <typename Fill>
  void add(Kind kind, const std::string& database, const std::string& collection, std::size_t write,
           bool refresh, Fill fill) {
    Command& command = open(kind, database, collection, refresh);
    const bson::Builder::Mark before = command.body.mark();
    append(command, write, fill);
    if (command.body.size() <= most_command_bytes || command.writes.size() == 1) return;
    command.body.rewind(before);
    command.writes.pop_back();
    append(start(kind, database, collection, refresh), write, fill);
  }

  struct Command {
    Kind kind;
    bool refresh;  ///< counted apart, so that the fan-out of refreshes is known
    const std::string* database;
    const std::string* collection;
    bson::Builder body;
    std::vector<std::size_t> writes;  ///< by operation: the write it belongs to
  };

  /// The commands in the order in which they are to be sent.
  std::deque<Command>& in_order();

  /// Sends all of them in that order and stops at the first error. An operation that is too large for any
  /// command is the fault of its write, and is not sent: the server would end the connection over it.
  Ran run(mongo::Transaction& transaction);

  bool empty() const { return commands_.empty(); }

  /// What all commands have together.
  std::size_t bytes() const;

 private:
  template <typename Fill>
  static void append(Command& command, std::size_t write, Fill& fill) {
    command.body.open(command.body.item());
    fill(command.body);
    command.body.close();
    command.writes.push_back(write);
  }

  Command& open(Kind kind, const std::string& database, const std::string& collection, bool refresh);
  Command& start(Kind kind, const std::string& database, const std::string& collection, bool refresh);
  bool full(const Command& command) const;
  Command* find(Kind kind, const std::string& database, const std::string& collection, bool refresh);

  int statement_ms_;
  std::size_t most_operations_;
  Order order_;
  std::deque<Command> commands_;
};

}  // namespace sluice::sinks
