#include "sinks/mongo/fan_out.hpp"

#include "sinks/mongo/copies.hpp"
#include "sinks/mongo/query.hpp"

namespace sluice::sinks {

namespace {

constexpr std::int32_t piece = 1000;
constexpr int tries = 8;

}  // namespace

/// Uses the driver's own cursor, because it sends each getMore to the same server and in the same session, as
/// the server requires.
FanOutResult FanOut::run(const RefreshWrite& write) {
  const CopyPlan& plan = *write.plan;
  bson::Builder filter;
  append_reference(filter, plan, write.source_id);
  bson::Builder options;
  options.open("projection").append("_id", 1).close().append("batchSize", piece);
  const bson_t filter_bson = filter.finish().borrow();
  const bson_t options_bson = options.finish().borrow();
  const mongo::Collection collection(
      mongoc_client_get_collection(client_, plan.database.c_str(), plan.target.c_str()));
  const mongo::Cursor cursor(
      mongoc_collection_find_with_opts(collection.get(), &filter_bson, &options_bson, nullptr));
  FanOutResult result;
  while (write_next(write, cursor.get(), result)) {
  }
  return result;
}

/// Reads the ids of one piece and writes those targets. Returns false when nothing is left to do, or after an
/// error.
bool FanOut::write_next(const RefreshWrite& write, mongoc_cursor_t* cursor, FanOutResult& result) {
  bson::Builder list;
  std::int32_t count = 0;
  const bson_t* found = nullptr;
  while (count < piece && mongoc_cursor_next(cursor, &found)) {
    list.append(list.item(), bson::View(*found).at("_id"));
    ++count;
  }
  bson_error_t error{};
  const bson_t* reply = nullptr;
  if (mongoc_cursor_error_document(cursor, &error, &reply)) {
    // Classified as a write: a query that the server refuses is the fault of the event that caused it.
    result.error = mongo::classify(error, reply, mongo::Doing::writing);
    if (result.error->kind == ErrorKind::cursor_gone) result.error->kind = ErrorKind::transient;
    return false;
  }
  std::vector<bson::Value> ids;
  for (const auto& [index, id] : list.finish()) ids.push_back(id);
  if (!ids.empty()) write_piece(write, ids, result);
  return count == piece && !result.error;
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
  mongo::Transaction transaction(client_, mongo::Isolation::snapshot, &recorder_);
  if (transaction.error()) return transaction.error();
  if (auto error = hold_(transaction)) return error;
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

}  // namespace sluice::sinks
