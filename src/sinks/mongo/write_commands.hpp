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

/// The result of running commands: the number of documents matched, or the error and the write that caused
/// it.
struct Ran {
  std::uint64_t documents = 0;
  std::uint64_t refreshed = 0;
  std::optional<Error> error;
  std::optional<std::size_t> failed_write;
  std::uint64_t copied_bytes = 0;  ///< bytes of the documents read for copies and the commands made of them
};

/// The write commands of one transaction. Operations of one kind on one collection share a command, up to the
/// server's limits.
class WriteCommands {
 public:
  enum class Kind : std::uint8_t { update, remove, insert };
  /// `grouped`: removals are sent last; other operations may be sent in any order. `as_given`: the operations
  /// on one collection are sent in the order in which they were added.
  enum class Order : std::uint8_t { grouped, as_given };

  static constexpr std::size_t many = 50000;  ///< half of the server's limit of operations in one command

  /// The server's limit for one command (16 MiB and 16 KiB), less what the driver adds to each command.
  static constexpr std::size_t most_command_bytes = (16u << 20) + (14u << 10);

  /// At most `most_operations` go into one command. With 1, every error names the write that caused it.
  explicit WriteCommands(int statement_ms, std::size_t most_operations = many, Order order = Order::grouped)
      : statement_ms_(statement_ms), most_operations_(most_operations), order_(order) {}

  /// Adds one operation, which `fill` writes into the open document. `write` is the index of its write, for
  /// Ran::failed_write. `fill` is called twice if the operation does not fit into the open command and goes
  /// into a new one.
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
    bool refresh;  ///< the documents matched are counted in Ran::refreshed, too
    const std::string* database;
    const std::string* collection;
    bson::Builder body;
    std::vector<std::size_t> writes;  ///< for each operation, the index of its write
  };

  /// The commands in the order in which run() sends them.
  std::deque<Command>& in_order();

  /// Sends all commands and stops at the first error. An operation that is too large for any command is not
  /// sent, because the server would close the connection; it is an own_fault of its write.
  Ran run(mongo::Transaction& transaction);

  bool empty() const { return commands_.empty(); }

  /// Size of all commands together.
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
