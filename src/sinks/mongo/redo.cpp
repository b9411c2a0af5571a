#include "sinks/mongo/redo.hpp"

#include <algorithm>

#include "config/state_names.hpp"
#include "mongo/transaction.hpp"
#include "sinks/mongo/copies.hpp"
#include "sinks/mongo/counters.hpp"
#include "sinks/mongo/fan_out.hpp"
#include "sinks/mongo/puts.hpp"

namespace sluice::sinks {

namespace {

Redone failed(std::optional<Error> error) {
  return {Redone::End::failed, std::move(error)};
}

bool is_refresh(const Write& write) {
  return std::holds_alternative<RefreshWrite>(write);
}

}  // namespace

std::optional<Error> Redo::take(mongo::Transaction& transaction, const bson::Value& letter,
                                bool& found) const {
  bson::Builder remove;
  remove.append("delete", state::dead_letters).open_array("deletes").open(remove.item());
  remove.open("q").append("_id", letter).close().append("limit", 1).close().close();
  const mongo::Reply reply = transaction.command(state_database_, remove.finish(), mongo::Doing::storing);
  found = reply.ok() && reply.view().at("n").integer() == 1;
  return reply.error;
}

std::optional<Error> Redo::hold(mongo::Transaction& transaction, const bson::Value& letter) const {
  bson::Builder update;
  update.append("update", state::dead_letters).open_array("updates").open(update.item());
  update.open("q").append("_id", letter).close();
  update.open("u").open("$inc").append("pieces", 1).close().close().close().close();
  const mongo::Reply reply = transaction.command(state_database_, update.finish(), mongo::Doing::storing);
  if (!reply.ok()) return reply.error;
  if (reply.view().at("n").integer() == 1) return std::nullopt;
  return Error{ErrorKind::fenced, 0, "the letter was taken by another process", false};
}

Ran Redo::write(mongo::Transaction& transaction, const std::vector<Write>& writes, bool refreshes) const {
  WriteCommands commands(statement_ms_);
  Copies copies(transaction, statement_ms_);
  if (auto error = copies.read(writes)) return {0, 0, error, std::nullopt};
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (const auto* counter = std::get_if<CounterWrite>(&writes[i])) add_counter(*counter, i, commands);
    copies.add(writes[i], i, refreshes, commands);
  }
  const Ran ran = commands.run(transaction);
  return ran.error || !puts_something(writes) ? ran : run_puts(transaction, statement_ms_, writes);
}

Redone Redo::transact(const bson::Value& letter, const std::vector<Write>& writes, bool refreshes) {
  const bool copies = copies_something(writes);
  mongo::Transaction transaction(client_, copies ? mongo::Isolation::snapshot : mongo::Isolation::local,
                                 &recorder_);
  if (transaction.error()) return failed(transaction.error());
  bool found = false;
  if (auto error = take(transaction, letter, found)) return failed(error);
  if (!found) return {Redone::End::gone, std::nullopt};
  if (auto error = write(transaction, writes, refreshes).error) return failed(error);
  if (auto error = transaction.commit()) return failed(error);
  return {Redone::End::done, std::nullopt};
}

/// Carries out the refreshes in pieces. A target whose write the server refuses does not keep the others from
/// being written.
std::optional<Error> Redo::in_pieces(const bson::Value& letter, const std::vector<Write>& writes) {
  const auto hold_letter = [&](mongo::Transaction& transaction) { return hold(transaction, letter); };
  FanOut fan_out(client_, recorder_, hold_letter, statement_ms_);
  for (const Write& write : writes) {
    if (!is_refresh(write)) continue;
    FanOutResult result = fan_out.run(std::get<RefreshWrite>(write));
    if (result.error) return result.error;
    if (result.refused == 0) continue;
    result.refusal->message =
        std::to_string(result.refused) + " targets refused the copy; the first: " + result.refusal->message;
    return result.refusal;
  }
  return std::nullopt;
}

Redone Redo::attempt(const bson::Value& letter, const std::vector<Write>& writes) {
  Redone redone = transact(letter, writes, true);
  if (redone.end != Redone::End::failed || std::ranges::none_of(writes, is_refresh)) return redone;
  const ErrorKind kind = redone.error->kind;
  if (kind != ErrorKind::own_fault && kind != ErrorKind::too_slow) return redone;
  const auto error = in_pieces(letter, writes);
  if (error && error->kind == ErrorKind::fenced) return {Redone::End::gone, std::nullopt};
  if (error) return failed(error);
  return transact(letter, writes, false);
}

Redone Redo::settle(const bson::Value& letter) {
  bson::Builder find;
  find.append("find", state::dead_letters).open("filter").append("_id", letter).close();
  find.open("projection").append("_id", 1).close().append("limit", 1);
  find.open("readConcern").append("level", "majority").close();
  const mongo::Reply reply =
      mongo::run_command(client_, state_database_, find.finish(), mongo::Doing::reading);
  if (!reply.ok()) return failed(reply.error);
  const bson::View found = reply.view().at_path("cursor.firstBatch").document();
  if (found.empty()) return {Redone::End::done, std::nullopt};
  return failed(
      Error{ErrorKind::transient, 0, "the outcome of the letter's removal is not known yet", false});
}

}  // namespace sluice::sinks
