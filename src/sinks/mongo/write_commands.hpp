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

/// The result of a run of commands: the number of matched documents, or the error and the index of the write
/// that caused it.
struct Ran {
  std::uint64_t documents = 0;
  std::uint64_t refreshed = 0;
  std::optional<Error> error;
  std::optional<std::size_t> failed_write;
  std::uint64_t copied_bytes = 0;  ///< bytes that copies needed: documents read and commands rendered
};

/// The write commands of a transaction. Operations of the same kind on the same collection share a command,
/// up to the server's limits.
class WriteCommands {
 public:
  enum class Kind : std::uint8_t { update, remove, insert };
  /// `grouped`: deletes come last; other operations may run in any order. `as_given`: the operations on each
  /// collection run in the order in which they were added.
  enum class Order : std::uint8_t { grouped, as_given };

  static constexpr std::size_t many = 50000;  ///< half of the server's limit for one command

  /// The server's limit for the size of a command (16 MiB and 16 KiB), less what the driver adds.
  static constexpr std::size_t most_command_bytes = (16u << 20) + (14u << 10);

  /// Puts at most `most_operations` into one command. With 1, every error names its write.
  explicit WriteCommands(int statement_ms, std::size_t most_operations = many, Order order = Order::grouped)
      : statement_ms_(statement_ms), most_operations_(most_operations), order_(order) {}

  /// Adds an operation that `fill` writes into the open document. `write`: the index that an error reports.
  /// `fill` is called a second time if the operation has to go into a new command.
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
    bool refresh;  ///< refreshes are counted separately to learn their fan-out
    const std::string* database;
    const std::string* collection;
    bson::Builder body;
    std::vector<std::size_t> writes;  ///< for each operation, the index of its write
  };

  /// The commands in the order in which they are sent.
  std::deque<Command>& in_order();

  /// Sends all commands in order and stops at the first error. An operation that is too large for any command
  /// is not sent, because the server would close the connection: it is reported as an error of its write.
  Ran run(mongo::Transaction& transaction);

  bool empty() const { return commands_.empty(); }

  /// The size of all commands.
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
