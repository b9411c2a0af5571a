#include "sinks/fan_out.hpp"

#include "sinks/copies.hpp"
#include "sinks/query.hpp"
#include "sinks/state_names.hpp"

namespace sluice::sinks {

namespace {

constexpr std::int32_t piece = 1000;
constexpr int tries = 8;

}  // namespace

FanOutResult FanOut::run(const RefreshWrite& write) {
  FanOutResult result;
  const CopyPlan& plan = *write.plan;
  bson::Builder find;
  find.append("find", plan.target).open("filter");
  append_equals(find, plan.array.empty() ? plan.reference : plan.array + "." + plan.reference,
                write.source_id);
  find.close().open("projection").append("_id", 1).close().append("batchSize", piece);
  mongo::Reply reply = mongo::run_command(client_, plan.database, find.finish(), mongo::Doing::reading);
  const char* batch = "firstBatch";
  while (reply.ok()) {
    const bson::View cursor = reply.view().at("cursor").document();
    std::vector<bson::Value> ids;
    for (const auto& [index, value] : cursor.at(batch).document()) ids.push_back(value.document().at("_id"));
    if (!ids.empty()) write_piece(write, ids, result);
    const std::int64_t id = cursor.at("id").integer().value_or(0);
    if (result.error || id == 0) return result;
    bson::Builder more;
    more.append("getMore", id).append("collection", plan.target).append("batchSize", piece);
    reply = mongo::run_command(client_, plan.database, more.finish(), mongo::Doing::reading);
    batch = "nextBatch";
  }
  result.error = reply.error;
  if (result.error->kind == ErrorKind::cursor_gone) result.error->kind = ErrorKind::transient;
  return result;
}

void FanOut::write_piece(const RefreshWrite& write, const std::vector<bson::Value>& ids,
                         FanOutResult& result) {
  std::optional<Error> error;
  for (int attempt = 0; attempt < tries; ++attempt) {
    error = try_piece(write, ids, result);
    if (!error || error->kind != ErrorKind::transient) break;
  }
  if (!error) return;
  const bool divisible = error->kind == ErrorKind::own_fault || error->kind == ErrorKind::too_slow;
  if (divisible && ids.size() > 1) {
    const auto middle = ids.begin() + static_cast<std::ptrdiff_t>(ids.size() / 2);
    write_piece(write, {ids.begin(), middle}, result);
    if (!result.error) write_piece(write, {middle, ids.end()}, result);
  } else if (error->kind == ErrorKind::own_fault) {
    ++result.refused;
    if (!result.refusal) result.refusal = error;
  } else {
    result.error = error;
  }
}

std::optional<Error> FanOut::try_piece(const RefreshWrite& write, const std::vector<bson::Value>& ids,
                                       FanOutResult& result) {
  mongo::Transaction transaction(client_, mongo::Isolation::snapshot);
  if (transaction.error()) return transaction.error();
  if (auto error = hold_guard(transaction)) return error;
  result.guard_held = true;
  Copies copies(transaction, statement_ms_);
  if (auto error = copies.read({write})) return error;
  WriteCommands commands(statement_ms_);
  copies.add_piece(write, ids, commands);
  const Ran ran = commands.run(transaction);
  if (ran.error) return ran.error;
  if (auto error = transaction.commit()) return error;
  result.documents += ran.documents;
  return std::nullopt;
}

/// Writes to the lane's position without moving it: were the shard taken over, one of the two would be
/// refused.
std::optional<Error> FanOut::hold_guard(mongo::Transaction& transaction) {
  bson::Builder update;
  update.append("update", state::lanes).open_array("updates").open(update.item());
  update.open("q")
      .append("_id", guard_.lane_id)
      .append("epoch", guard_.epoch)
      .append("seq", guard_.seq)
      .close();
  update.open("u").open("$inc").append("pieces", std::int64_t{1}).close().close().close().close();
  const mongo::Reply reply = transaction.command(state_database_, update.finish(), mongo::Doing::writing);
  if (!reply.ok()) return reply.error;
  if (reply.view().at("n").integer() == 1) return std::nullopt;
  return Error{ErrorKind::fenced, 0, "the lane's position was taken over", false};
}

}  // namespace sluice::sinks
