#include "sinks/mongo/mongo_bulk.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <span>

#include "bson/json_writer.hpp"
#include "config/state_names.hpp"
#include "mongo/transaction.hpp"
#include "sinks/mongo/copies.hpp"
#include "sinks/mongo/counters.hpp"
#include "sinks/mongo/fan_out.hpp"
#include "sinks/mongo/letter.hpp"
#include "sinks/outlet.hpp"
#include "text/hex.hpp"

namespace sluice::sinks {

namespace {

using Kind = WriteCommands::Kind;

constexpr std::size_t most_id_bytes = 200;  // a longer document _id is not logged

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::uint64_t random_seed() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

/// Text for StoredLetter::change. Of the document's key it contains only the `_id`, because other fields of
/// it may be redacted.
std::string change_of(bson::View event) {
  std::string text(event.at("operationType").text());
  if (text.empty()) text = "a change";
  const std::string_view collection = event.at_path("ns.coll").text();
  if (!collection.empty()) text.append(" of ").append(collection);
  const bson::Value id = event.at_path("documentKey._id");
  if (!id) return text;
  std::string json;
  if (bson::append_json(json, id, bson::JsonStyle::relaxed) != bson::JsonFailure::none) return text;
  if (json.size() > most_id_bytes) return text + " (its _id is too long to be shown)";
  return text + " {\"_id\":" + json + "}";
}

}  // namespace

MongoBulk::MongoBulk(mongo::ClientPool& pool, mongo::SessionRecorder& recorder, MongoBulkOptions options)
    : pool_(pool), recorder_(recorder), options_(std::move(options)), seed_(random_seed()) {}

/// Every attempt of a batch makes the same ids, so they are known even if the answer to the commit was lost.
/// Within a batch the ids ascend in the order of the letters.
bson_oid_t MongoBulk::letter_id(const Batch& batch, std::size_t index) const {
  const std::array<std::int64_t, 2> place = {batch.guard.epoch, batch.guard.seq};
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(place.data()), sizeof place);
  const std::uint64_t hash = bson::stable_hash(bytes, bson::stable_hash(batch.guard.lane_id, seed_));
  bson_oid_t id{};
  const auto put = [&id](std::size_t from, std::size_t count, std::uint64_t number) {
    for (std::size_t i = from + count; i-- > from; number >>= 8) {
      id.bytes[i] = static_cast<std::uint8_t>(number);
    }
  };
  put(0, 4, batch.cluster_time >> 32);
  put(4, 5, hash);
  put(9, 3, index);
  return id;
}

void MongoBulk::tell_letters(const Batch& batch) const {
  std::vector<StoredLetter> stored;
  for (std::size_t i = 0; i < batch.writes.size(); ++i) {
    const auto* found = std::get_if<LetterWrite>(&batch.writes[i]);
    if (found == nullptr) continue;
    const DeadLetterWrite& letter = **found;
    const bson_oid_t oid = letter_id(batch, i);
    std::string id;
    text::append_hex(id, oid.bytes, sizeof oid.bytes);
    stored.push_back({std::move(id), letter.rule, change_of(letter.event), letter.code, letter.message});
  }
  if (!stored.empty()) options_.stored(std::move(stored));
}

void MongoBulk::add_dead_letter(const Batch& batch, std::size_t index, WriteCommands& out) const {
  const DeadLetterWrite& letter = *std::get<LetterWrite>(batch.writes[index]);
  const LetterOrigin origin{options_.pipeline, options_.stream, letter_id(batch, index), now_ms()};
  out.add(Kind::insert, options_.state_database, dead_letters_, index, false,
          [&](bson::Builder& document) { append_letter(letter, origin, document); });
}

/// Adds the counters in the order of their keys. So if two transactions share counters, the later one
/// conflicts early, at the first shared counter, and little of its work is lost.
void MongoBulk::add_counters(const Batch& batch, WriteCommands& out) const {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < batch.writes.size(); ++i) {
    if (std::holds_alternative<CounterWrite>(batch.writes[i])) order.push_back(i);
  }
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::get<CounterWrite>(batch.writes[i]).key; });
  for (const std::size_t i : order) add_counter(std::get<CounterWrite>(batch.writes[i]), i, out);
}

/// `held`: all lanes still had the guard's epoch and number of commits, so all positions are moved.
std::optional<Error> MongoBulk::move_positions(mongo::Transaction& transaction,
                                               const std::vector<const Batch*>& batches, bool& held) const {
  bson::Builder update;
  update.append("update", state::lanes).open_array("updates");
  for (const Batch* batch : batches) {
    update.open(update.item()).open("q").append("_id", batch->guard.lane_id);
    update.append("epoch", batch->guard.epoch).append("seq", batch->guard.seq).close();
    update.open("u").open("$set").append("token", batch->token);
    update.append_timestamp("clusterTime", batch->cluster_time).close();
    update.open("$inc").append("seq", std::int64_t{1}).close().close().close();
  }
  const mongo::Reply reply =
      transaction.command(options_.state_database, update.close().finish(), mongo::Doing::storing);
  held = reply.ok() && reply.view().at("n").integer() == static_cast<std::int64_t>(batches.size());
  return reply.error;
}

/// Writes to a document that all transactions of contended lanes of this number write to. If another one is
/// under way, the server refuses this one now, before it has done any work.
std::optional<Error> MongoBulk::take_turn(mongo::Transaction& transaction, const LaneGuard& guard) const {
  const std::string number = guard.lane_id.substr(guard.lane_id.rfind('/') + 1);
  bson::Builder update;
  update.append("update", state::lanes).open_array("updates").open(update.item());
  update.open("q").append("_id", "turn/" + options_.pipeline + "/" + options_.stream + "/" + number).close();
  update.open("u").open("$inc").append("turns", std::int64_t{1}).close().close().append("upsert", true);
  update.close().close();
  return transaction.command(options_.state_database, update.finish(), mongo::Doing::storing).error;
}

/// Writes to the document of the lane's position without moving it. If another worker takes the shard over at
/// the same time, the server refuses one of the two transactions.
std::optional<Error> MongoBulk::hold_position(mongo::Transaction& transaction, const LaneGuard& guard) const {
  bson::Builder update;
  update.append("update", state::lanes).open_array("updates").open(update.item());
  update.open("q").append("_id", guard.lane_id);
  update.append("epoch", guard.epoch).append("seq", guard.seq).close();
  update.open("u").open("$inc").append("pieces", std::int64_t{1}).close().close().close().close();
  const mongo::Reply reply =
      transaction.command(options_.state_database, update.finish(), mongo::Doing::storing);
  if (!reply.ok()) return reply.error;
  if (reply.view().at("n").integer() == 1) return std::nullopt;
  return Error{ErrorKind::fenced, 0, "the lane's position was taken over", false};
}

/// The limit Batch::copy_bytes does not apply to a single event, because it cannot be split.
MongoBulk::Copied MongoBulk::add_copies(mongo::Transaction& transaction, const Batch& batch,
                                        WriteCommands& commands) const {
  if (!copies_something(batch.writes)) return {};
  const std::size_t most = batch.events > 1 ? batch.copy_bytes : SIZE_MAX;
  const std::size_t before = commands.bytes();
  Copies copies(transaction, options_.statement_ms, most);
  if (auto error = copies.read(batch.writes)) return {copies.bytes_read(), std::move(error)};
  std::size_t bytes = copies.bytes_read();
  for (std::size_t i = 0; i < batch.writes.size(); ++i) {
    copies.add(batch.writes[i], i, !batch.in_pieces, commands);
    bytes = copies.bytes_read() + commands.bytes() - before;
    if (bytes > most) return {bytes, too_much_copied(most)};
  }
  return {bytes, std::nullopt};
}

Ran MongoBulk::run_writes(mongo::Transaction& transaction, const Batch& batch,
                          NewDocuments new_documents) const {
  WriteCommands commands(options_.statement_ms, batch.one_by_one ? 1 : WriteCommands::many);
  add_counters(batch, commands);
  for (std::size_t i = 0; i < batch.writes.size(); ++i) {
    if (std::holds_alternative<LetterWrite>(batch.writes[i])) add_dead_letter(batch, i, commands);
  }
  const Copied copied = add_copies(transaction, batch, commands);
  if (copied.error) return {0, 0, copied.error, std::nullopt, copied.bytes};
  Ran ran = commands.run(transaction);
  ran.copied_bytes = copied.bytes;
  if (ran.error || !puts_something(batch.writes)) return ran;
  Ran put = run_puts(transaction, options_.statement_ms, batch.writes,
                     batch.one_by_one ? 1 : WriteCommands::many, new_documents);
  put.documents += ran.documents;
  put.refreshed = ran.refreshed;
  put.copied_bytes = ran.copied_bytes;
  return put;
}

/// Called when the guard did not match. Reads the lane's position to find out why: another worker has taken
/// the shard over, or this batch is already committed and only the answer was lost.
Outcome MongoBulk::refused(mongoc_client_t* client, const Batch& batch) {
  bson::Builder find;
  find.append("find", state::lanes).open("filter").append("_id", batch.guard.lane_id).close();
  find.append("limit", 1).open("readConcern").append("level", "majority").close();
  const mongo::Reply reply =
      mongo::run_command(client, options_.state_database, find.finish(), mongo::Doing::storing);
  Outcome outcome;
  if (!reply.ok()) {
    outcome.error = reply.error;
    return outcome;
  }
  const bson::View lane = reply.view().at_path("cursor.firstBatch").document().at("0").document();
  const auto seq = lane.at("seq").integer().value_or(-1);
  if (!lane || lane.at("epoch").integer() != batch.guard.epoch) {
    outcome.error = Error{ErrorKind::fenced, 0, "another worker has taken over this shard", false};
  } else if (seq == batch.guard.seq + 1 &&
             lane.at("token").document().at("_data") == batch.token.at("_data")) {
    outcome.committed = true;
  } else if (seq == batch.guard.seq) {
    outcome.error =
        Error{ErrorKind::transient, 0, "the outcome of the lane's last commit is not known yet", false};
  } else {
    outcome.error = Error{ErrorKind::fenced, 0, "the lane's position was changed by another process", false};
  }
  return outcome;
}

/// Documents under an _id of their event are new, except after a restart from an older position. An insert
/// costs the server less than an upsert. So inserts are tried first, and upserts if the server refuses them.
Outcome MongoBulk::attempt(mongoc_client_t* client, const Batch& batch) {
  constexpr int batches_without_inserts = 100;
  const bool puts = puts_something(batch.writes);
  const bool expects_old = puts && upserting_batches_ > 0;
  if (expects_old) --upserting_batches_;
  if (!puts || expects_old) return attempt(client, batch, NewDocuments::upsert);
  Outcome outcome = attempt(client, batch, NewDocuments::insert);
  if (!outcome.error || outcome.error->kind != ErrorKind::own_fault) return outcome;
  upserting_batches_ = batches_without_inserts;
  return attempt(client, batch, NewDocuments::upsert);
}

Outcome MongoBulk::attempt(mongoc_client_t* client, const Batch& batch, NewDocuments new_documents) {
  Outcome outcome;
  const auto isolation =
      copies_something(batch.writes) ? mongo::Isolation::snapshot : mongo::Isolation::local;
  mongo::Transaction transaction(client, isolation, &recorder_);
  outcome.error = transaction.error();
  bool held = false;
  if (!outcome.error) outcome.error = move_positions(transaction, {&batch}, held);
  if (outcome.error) return outcome;
  if (!held) {
    transaction.abort();
    return refused(client, batch);
  }
  outcome.guard_held = true;
  if (batch.contended) outcome.error = take_turn(transaction, batch.guard);
  if (outcome.error) return outcome;
  const Ran ran = run_writes(transaction, batch, new_documents);
  outcome.documents = ran.documents;
  outcome.refreshed = ran.refreshed;
  outcome.copied_bytes = ran.copied_bytes;
  outcome.failed_write = ran.failed_write;
  outcome.error = ran.error;
  if (!outcome.error) outcome.error = transaction.commit();
  outcome.committed = !outcome.error;
  return outcome;
}

std::size_t MongoBulk::bytes_while_sending(const Batch& batch) const {
  std::size_t bytes = 0;
  for (const Write& write : batch.writes) {
    if (!std::holds_alternative<DeliverWrite>(write)) bytes += bytes_of(write);
  }
  // Copies need twice copy_bytes at most, since the driver copies the rendered commands.
  return bytes * copies_while_sending + batch.copy_bytes * 2;
}

Outcome MongoBulk::commit(const Batch& batch) {
  Outcome outcome = carry_out(batch);
  if (outcome.error) pool_.reconsider(*outcome.error);
  if (outcome.committed) tell_letters(batch);
  return outcome;
}

bool MongoBulk::commits_together(const Batch& batch) const {
  return !batch.in_pieces && !batch.one_by_one && only_counts(batch);
}

/// An error that more or fewer batches would meet as well is the outcome of all, and so is a commit whose
/// answer was lost. After any other error, such as a guard that no longer matches, the batches have to be
/// tried one by one.
std::optional<Outcome> MongoBulk::commit_together(const std::vector<const Batch*>& batches) {
  const auto client = pool_.acquire();
  Outcome outcome;
  {
    mongo::Transaction transaction(client.get(), mongo::Isolation::local, &recorder_);
    outcome.error = transaction.error();
    if (!outcome.error) outcome = attempt(transaction, batches);
  }
  if (outcome.committed) return outcome;
  const ErrorKind kind = outcome.error ? outcome.error->kind : ErrorKind::fenced;
  const bool unknown = outcome.error && outcome.error->unknown_commit;
  if (!unknown && kind != ErrorKind::transient && kind != ErrorKind::unavailable) return std::nullopt;
  pool_.reconsider(*outcome.error);
  return outcome;
}

/// Without an error and not committed: a guard does not match.
Outcome MongoBulk::attempt(mongo::Transaction& transaction, const std::vector<const Batch*>& batches) const {
  Outcome outcome;
  outcome.error = move_positions(transaction, batches, outcome.guard_held);
  if (outcome.error || !outcome.guard_held) return outcome;
  if (std::ranges::any_of(batches, &Batch::contended)) {
    outcome.error = take_turn(transaction, batches.front()->guard);
    if (outcome.error) return outcome;
  }
  const std::vector<CounterWrite> counters = sum_counters(batches);
  WriteCommands commands(options_.statement_ms);
  for (std::size_t i = 0; i < counters.size(); ++i) add_counter(counters[i], i, commands);
  const Ran ran = commands.run(transaction);
  outcome.documents = ran.documents;
  outcome.error = ran.error;
  if (!outcome.error) outcome.error = transaction.commit();
  outcome.committed = !outcome.error;
  return outcome;
}

Outcome MongoBulk::carry_out(const Batch& batch) {
  const auto client = pool_.acquire();
  const auto hold = [&](mongo::Transaction& transaction) { return hold_position(transaction, batch.guard); };
  FanOut fan_out(client.get(), recorder_, hold, options_.statement_ms);
  const auto in_pieces = [&](std::size_t index) -> Outcome {
    FanOutResult result = fan_out.run(std::get<RefreshWrite>(batch.writes[index]));
    Outcome outcome;
    outcome.error = result.error;
    outcome.guard_held = result.guard_held;
    outcome.failed_write = index;
    outcome.documents = outcome.refreshed = result.documents;
    if (!outcome.error && result.refused > 0) {
      result.refusal->message =
          std::to_string(result.refused) + " targets refused the copy; the first: " + result.refusal->message;
      outcome.error = result.refusal;
    }
    return outcome;
  };
  std::uint64_t documents = 0;
  for (std::size_t i = 0; batch.in_pieces && i < batch.writes.size(); ++i) {
    if (!std::holds_alternative<RefreshWrite>(batch.writes[i])) continue;
    const Outcome piece = in_pieces(i);
    if (piece.error && piece.error->kind == ErrorKind::fenced) return refused(client.get(), batch);
    if (piece.error) return piece;
    documents += piece.documents;
  }
  Outcome outcome = attempt(client.get(), batch);
  outcome.documents += documents;
  outcome.refreshed += documents;
  const bool refresh_refused = outcome.error && outcome.error->kind == ErrorKind::own_fault &&
                               outcome.failed_write &&
                               std::holds_alternative<RefreshWrite>(batch.writes[*outcome.failed_write]);
  if (!refresh_refused) return outcome;
  // The server refuses at least one target of this refresh. Write the others before the refresh becomes a
  // dead letter.
  Outcome piecewise = in_pieces(*outcome.failed_write);
  piecewise.guard_held = true;
  if (!piecewise.error)
    piecewise.error = Error{ErrorKind::transient, 0, "the refusing target is gone", false};
  return piecewise;
}

}  // namespace sluice::sinks
