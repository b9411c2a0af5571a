#include "audit/repairer.hpp"

#include "config/state_names.hpp"
#include "flow/retry.hpp"
#include "sinks/mongo/copies.hpp"
#include "sinks/mongo/counters.hpp"
#include "sinks/mongo/query.hpp"

namespace sluice::audit {

namespace {

using Kind = sinks::WriteCommands::Kind;

constexpr int most_pauses = 25;  // about a minute in all

Error changed_meanwhile(const std::string& what) {
  return {ErrorKind::own_fault, 0, what + " meanwhile; verify again", false};
}

/// Removes the document of a counter that is zero, for a plan whose counters are dropped at zero.
void add_removal(const CounterPlan& plan, const CounterFix& fix, std::size_t index,
                 sinks::WriteCommands& out) {
  out.add(Kind::remove, plan.database, plan.collection, index, false, [&](bson::Builder& operation) {
    operation.open("q");
    sinks::append_equals(operation, "_id", fix.id);
    operation.open(plan.field).append("$lte", 0).close().close().append("limit", 1);
  });
}

}  // namespace

std::optional<Error> retry_transient(const std::stop_token& stop,
                                     const std::function<std::optional<Error>()>& step) {
  return flow::retry_until({.pauses = {std::chrono::milliseconds(20), std::chrono::seconds(5)},
                            .most_pauses = most_pauses,
                            .stop = stop},
                           step);
}

std::optional<Error> Repairer::fix_counters(const CounterPlan& plan, const std::vector<CounterFix>& fixes) {
  return retry_transient(options_.stop, [&] { return try_counters(plan, fixes); });
}

std::optional<Error> Repairer::try_counters(const CounterPlan& plan, const std::vector<CounterFix>& fixes) {
  const auto client = pool_.acquire();
  mongo::Transaction transaction(client.get(), mongo::Isolation::local, &recorder_);
  if (transaction.error()) return transaction.error();
  bool held = false;
  if (auto error = lease_.hold(transaction, held)) return error;
  if (!held) {
    transaction.abort();
    bool committed = false;
    if (auto error = lease_.ask(committed)) return error;
    if (!committed)
      return Error{ErrorKind::transient, 0, "the outcome of the last repair is not known yet", false};
    lease_.advance();
    return std::nullopt;
  }
  if (auto error = write_counters(transaction, plan, fixes)) return error;
  if (auto error = take_letters(transaction, fixes)) return error;
  if (auto error = transaction.commit()) return error;
  lease_.advance();
  return std::nullopt;
}

std::optional<Error> Repairer::write_counters(mongo::Transaction& transaction, const CounterPlan& plan,
                                              const std::vector<CounterFix>& fixes) const {
  sinks::WriteCommands commands(options_.statement_ms);
  for (std::size_t i = 0; i < fixes.size(); ++i) {
    const CounterFix& fix = fixes[i];
    if (fix.broken) {
      if (auto error = replace_broken(transaction, plan, fix)) return error;
    } else if (fix.change == 0) {
      if (plan.drop_at_zero) add_removal(plan, fix, i, commands);
    } else {
      sinks::add_counter({&plan, fix.id, fix.change, 0}, i, commands);
    }
  }
  return commands.run(transaction).error;
}

std::optional<Error> Repairer::replace_broken(mongo::Transaction& transaction, const CounterPlan& plan,
                                              const CounterFix& fix) const {
  bson::Builder update;
  update.append("update", plan.collection).open_array("updates").open(update.item());
  update.open("q");
  sinks::append_equals(update, "_id", fix.id);
  sinks::append_equals(update, plan.field, fix.broken);
  update.close().open("u").open("$set").append(plan.field, fix.value).close().close().close().close();
  const mongo::Reply reply = transaction.command(plan.database, update.finish(), mongo::Doing::writing);
  if (!reply.ok()) return reply.error;
  if (reply.view().at("n").integer() == 1) return std::nullopt;
  return changed_meanwhile("the field was changed meanwhile");
}

std::optional<Error> Repairer::take_letters(mongo::Transaction& transaction,
                                            const std::vector<CounterFix>& fixes) const {
  bson::Builder remove;
  remove.append("delete", state::dead_letters).open_array("deletes").open(remove.item());
  remove.open("q").open("_id").open_array("$in");
  std::int64_t letters = 0;
  for (const CounterFix& fix : fixes) {
    for (const bson::Value& letter : fix.letters) {
      remove.append(remove.item(), letter);
      ++letters;
    }
  }
  if (letters == 0) return std::nullopt;
  remove.close().close().close().append("limit", 0).close().close();
  const mongo::Reply reply =
      transaction.command(options_.state_database, remove.finish(), mongo::Doing::storing);
  if (!reply.ok()) return reply.error;
  if (reply.view().at("n").integer() == letters) return std::nullopt;
  return changed_meanwhile("its dead letters were retried");
}

std::optional<Error> Repairer::fill_copies(const std::vector<Write>& fills) {
  return retry_transient(options_.stop, [&] { return try_fills(fills); });
}

std::optional<Error> Repairer::try_fills(const std::vector<Write>& fills) {
  const auto client = pool_.acquire();
  mongo::Transaction transaction(client.get(), mongo::Isolation::snapshot, &recorder_);
  if (transaction.error()) return transaction.error();
  sinks::Copies copies(transaction, options_.statement_ms);
  if (auto error = copies.read(fills)) return error;
  sinks::WriteCommands commands(options_.statement_ms);
  for (std::size_t i = 0; i < fills.size(); ++i) copies.add(fills[i], i, true, commands);
  if (auto error = commands.run(transaction).error) return error;
  return transaction.commit();
}

}  // namespace sluice::audit
