#include "operations/dead_letters.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "config/state_names.hpp"
#include "flow/backoff.hpp"
#include "flow/retry.hpp"
#include "mongo/end_transactions.hpp"
#include "requirements/rule_table.hpp"
#include "rules/registry.hpp"
#include "rules/shared/apart.hpp"
#include "sinks/mongo/letter.hpp"
#include "sinks/mongo/letter_effect.hpp"

namespace sluice::operations {

namespace {

using namespace std::chrono_literals;
using End = Retried::End;

// Until the server has answered once, its address may be wrong, so an error is reported soon. Later it may be
// electing a primary.
constexpr flow::Duration patience_at_first = 5s;
constexpr flow::Duration patience_later = 60s;
constexpr flow::Backoff::Limits waits{5ms, 1s};
constexpr int tries_before_duplicate_is_believed = 4;  // two concurrent upserts may cause it once
constexpr std::size_t ids_in_one_drop = 1000;
constexpr const char* letters_application = "sluice dead";
// A live retry never pauses so long between two statements of a transaction.
constexpr std::int64_t abandoned_after_ms = 1000;
constexpr int conflicts_before_looking = 6;

flow::Backoff make_backoff() {
  return {waits, std::random_device{}()};
}

bson::Value value_of(const LetterId& id) {
  return {BSON_TYPE_OID, id.bytes};
}

/// A regular expression that matches exactly this text.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) == 0) result += '\\';
    result += c;
  }
  return result;
}

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

bool passing(const Error& error) {
  return flow::is_transient(error) || error.kind == ErrorKind::cursor_gone;
}

/// Identifies a cluster: streams with equal URI and URI file are on the same one.
using Cluster = std::pair<std::string, std::string>;

Cluster cluster_of(const StreamConfig& stream) {
  return {stream.uri, stream.uri_file};
}

}  // namespace

std::string text_of(const LetterId& id) {
  char text[25];
  bson_oid_to_string(&id, text);
  return text;
}

std::optional<LetterId> letter_id(std::string_view text) {
  if (!bson_oid_is_valid(text.data(), text.size()) || text.size() != 24) return std::nullopt;
  LetterId id;
  bson_oid_init_from_string(&id, std::string(text).c_str());
  return id;
}

Letter::Letter(const bson_t& read) : bytes_(sinks::unfold_letter(bson::View(read))) {}

LetterId Letter::id() const {
  LetterId id{};
  const bson::Value value = view().at("_id");
  if (value.type() == BSON_TYPE_OID) bson_oid_init_from_data(&id, value.raw().data());
  return id;
}

DeadLetters::DeadLetters(const Config& config, const StreamConfig& on)
    : config_(config),
      pool_(on, 1, letters_application),
      client_(pool_.acquire()),
      redo_(client_.get(), config.pipeline, config.state_database, config.engine.statement_ms) {
  for (const StreamConfig& stream : config.streams) {
    if (cluster_of(stream) == cluster_of(on)) rules_.emplace(stream.name, rules::make_rules(stream));
  }
}

flow::Duration DeadLetters::patience() const {
  return reached_ ? patience_later : patience_at_first;
}

void DeadLetters::stop(const Error& error) const {
  const std::string where = "MongoDB at " + pool_.hosts();
  if (error.kind == ErrorKind::fatal || error.kind == ErrorKind::own_fault) {
    throw Stop(exit_code::cannot_start, where + " refuses: " + error.text() +
                                            "; the user needs readWrite on the database " +
                                            config_.state_database + " and on the rules' targets");
  }
  throw Stop(exit_code::cannot_start, where + " cannot be reached, or has no primary: " + error.text() +
                                          "; what was done so far stays done, and the rest is unchanged");
}

void DeadLetters::retry_until(const std::function<std::optional<Error>()>& attempt) {
  const auto error =
      flow::retry_until({.pauses = waits, .patience = patience(), .passing = passing}, attempt);
  if (error) stop(*error);
  reached_ = true;
}

mongo::Reply DeadLetters::retry_until(bson::View command, mongo::Doing doing) {
  mongo::Reply reply;
  const auto attempt = [&] {
    reply = mongo::run_command(client_.get(), config_.state_database, command, doing);
    return reply.error;
  };
  retry_until(attempt);
  return reply;
}

void DeadLetters::append_filter(bson::Builder& out, const LetterFilter& filter) const {
  out.append("pipeline", config_.pipeline);
  if (filter.stream) out.append("stream", *filter.stream);
  if (filter.rule) out.append("rule", *filter.rule);
  if (filter.code) out.append("error.code", *filter.code);
  if (filter.text) {
    out.open("error.message").append("$regex", escaped(*filter.text)).append("$options", "i").close();
  }
  if (!filter.since_ms && !filter.until_ms) return;
  out.open("at");
  if (filter.since_ms) out.append_date("$gte", *filter.since_ms);
  if (filter.until_ms) out.append_date("$lt", *filter.until_ms);
  out.close();
}

std::vector<Letter> DeadLetters::read(bson::Builder& filter, bson::Builder& options) {
  const bson_t filter_bson = filter.finish().borrow();
  const bson_t options_bson = options.finish().borrow();
  const mongo::Collection collection(
      mongoc_client_get_collection(client_.get(), config_.state_database.c_str(), state::dead_letters));
  std::vector<Letter> letters;
  const auto attempt = [&]() -> std::optional<Error> {
    letters.clear();
    const mongo::Cursor cursor(
        mongoc_collection_find_with_opts(collection.get(), &filter_bson, &options_bson, nullptr));
    const bson_t* found = nullptr;
    while (mongoc_cursor_next(cursor.get(), &found)) letters.emplace_back(*found);
    bson_error_t error{};
    const bson_t* reply = nullptr;
    if (!mongoc_cursor_error_document(cursor.get(), &error, &reply)) return std::nullopt;
    return mongo::classify(error, reply, mongo::Doing::reading);
  };
  retry_until(attempt);
  return letters;
}

std::int64_t DeadLetters::count(const LetterFilter& filter) {
  bson::Builder count;
  count.append("count", state::dead_letters).open("query");
  append_filter(count, filter);
  count.close();
  return retry_until(count.finish(), mongo::Doing::reading).view().at("n").integer().value_or(0);
}

std::vector<Letter> DeadLetters::newest(const LetterFilter& filter, std::int64_t limit, bool whole) {
  bson::Builder query;
  append_filter(query, filter);
  bson::Builder options;
  options.open("sort").append("at", -1).append("_id", -1).close().append("limit", limit);
  if (!whole)
    options.open("projection").append("event", 0).append("eventBytes", 0).append("token", 0).close();
  return read(query, options);
}

std::vector<LetterId> DeadLetters::ids(const LetterFilter& filter) {
  bson::Builder query;
  append_filter(query, filter);
  bson::Builder options;
  options.open("sort").append("token._data", 1).append("_id", 1).close();
  options.open("projection").append("_id", 1).close().append("allowDiskUse", true);
  std::vector<LetterId> ids;
  for (const Letter& letter : read(query, options)) ids.push_back(letter.id());
  return ids;
}

std::optional<Letter> DeadLetters::find(const LetterId& id, bool whole) {
  bson::Builder query;
  query.append("_id", value_of(id)).append("pipeline", config_.pipeline);
  bson::Builder options;
  options.append("limit", std::int64_t{1});
  if (!whole)
    options.open("projection").append("event", 0).append("eventBytes", 0).append("token", 0).close();
  std::vector<Letter> found = read(query, options);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

/// Finds the rule in the letter's stream or, if it publishes, in that stream's counterpart: since the letter
/// was stored, the rule may have moved between `NAME` and `NAME:publish`.
const Rule* DeadLetters::find_rule(const std::string& stream, std::string_view name) const {
  const std::string suffix = rules::publishing_name("");
  const std::string other =
      stream.ends_with(suffix) ? stream.substr(0, stream.size() - suffix.size()) : stream + suffix;
  for (const std::string& place : {stream, other}) {
    const auto known = rules_.find(place);
    if (known == rules_.end()) continue;
    const auto named = [&](const auto& one) { return one->name() == name; };
    const auto rule = std::ranges::find_if(known->second, named);
    if (rule != known->second.end()) return rule->get();
  }
  return nullptr;
}

DeadLetters::Asked DeadLetters::asked_by(const Letter& letter) const {
  const bson::View effect = letter.view().at("effect").document();
  const std::string stream(letter.view().at("stream").text());
  const std::string name(letter.view().at("rule").text());
  if (sinks::holds_no_effect(effect)) {
    return {
        {},
        "it holds no effect that can be carried out; run `sluice verify FILE --repair`, which computes the "
        "targets again, then `sluice dead drop` it"};
  }
  const Rule* rule = find_rule(stream, name);
  if (rule == nullptr && !rules_.contains(stream)) {
    return {{},
            "there is no stream '" + stream +
                "' on its cluster in this file; retry with the file that has it, or drop it"};
  }
  if (rule == nullptr) {
    return {{},
            "there is no rule '" + name + "' any more; give the rule its old name, or drop the dead letter"};
  }
  if (sinks::is_message(effect)) return {{}, "", rule};
  if (sinks::lacks_id(effect)) {
    return {{},
            "the _id that rule '" + name +
                "' was to write under was too large to be stored in the dead letter; write it by hand, or "
                "drop the letter"};
  }
  Asked asked{sinks::writes_of(effect, rule->projections(), rule->documents()), ""};
  if (asked.writes.empty() && sinks::lacks_values(effect)) {
    asked.refusal =
        "what rule '" + name +
        "' wrote was too large to be stored in the dead letter; write it by hand, or drop the letter";
  } else if (asked.writes.empty()) {
    asked.refusal = "rule '" + name + "' no longer maintains what the letter is about (" +
                    sinks::effect_in_words(effect) +
                    "); drop it, then run `sluice verify FILE` to see what differs";
  }
  return asked;
}

std::string DeadLetters::why_not(const Letter& letter) const {
  return asked_by(letter).refusal;
}

Retried DeadLetters::retry(const LetterId& id) {
  const auto letter = find(id, false);
  if (!letter) return {End::gone, ""};
  const Asked asked = asked_by(*letter);
  if (!asked.refusal.empty()) return {End::refused, asked.refusal};
  if (asked.publisher != nullptr) return publish(id, *asked.publisher);
  return carry_out(id, asked.writes);
}

sinks::Outlet& DeadLetters::outlet_for(const Rule& rule) {
  std::unique_ptr<sinks::Outlet>& outlet = outlets_[rule.name()];
  if (outlet) return *outlet;
  sinks::OutletParts parts{config_, rule.deliveries()};
  parts.late = true;
  outlet = std::move(sinks::make_outlets(parts).front());
  return *outlet;
}

/// Makes the message from the letter's event again, and publishes it under its original id. A retry that is
/// killed before it deletes the letter leads to a second message, which the receiver recognises by its id.
Retried DeadLetters::publish(const LetterId& id, const Rule& rule) {
  const auto letter = find(id, true);
  if (!letter) return {End::gone, ""};
  ChangeEvent event;
  if (!parse_event(letter->view().at("event").document(), event)) {
    return {End::refused, "its event was too large to be kept; run `sluice snapshot FILE --rule " +
                              rule.name() +
                              "` to publish the documents as they are now, then `sluice dead drop` it"};
  }
  Arena arena;
  std::vector<Effect> effects;
  Effects out(effects, arena);
  if (event.operation == Operation::rename) {
    for (const Subscription& one : rule.subscriptions()) {
      if (const auto name = requirements::watched_name(one, event)) event.collection = *name;
    }
  }
  rule.apply(event, out);
  Batch batch;
  for (const Effect& effect : effects) {
    const auto* message = std::get_if<Deliver>(&effect.body);
    if (message != nullptr)
      batch.writes.emplace_back(DeliverWrite{message->plan, message->message, effect.key});
  }
  if (batch.writes.empty()) {
    return {End::refused, "rule '" + rule.name() + "' no longer makes a message of its event; drop it"};
  }
  const Outcome outcome = outlet_for(rule).send(batch);
  if (outcome.committed) return carry_out(id, {});
  if (outcome.error->kind == ErrorKind::own_fault) return give_up(id, *outcome.error);
  throw Stop(exit_code::cannot_start,
             outcome.error->text() + "; what was done so far stays done, and the rest is unchanged");
}

Retried DeadLetters::carry_out(const LetterId& id, const std::vector<Write>& writes) {
  flow::Backoff backoff = make_backoff();
  const flow::Time deadline = flow::Clock::now() + patience();
  bool in_doubt = false;
  int duplicates = 0;
  while (true) {
    sinks::Redone redone = redo_.attempt(value_of(id), writes);
    if (redone.end == sinks::Redone::End::gone && in_doubt) redone = redo_.settle(value_of(id));
    if (redone.end == sinks::Redone::End::done) return {End::done, ""};
    if (redone.end == sinks::Redone::End::gone) return {End::gone, ""};
    const Error& error = *redone.error;
    in_doubt |= error.unknown_commit;
    const bool may_be_a_race =
        error.code == mongo::duplicate_key && ++duplicates < tries_before_duplicate_is_believed;
    const bool late = flow::Clock::now() >= deadline;
    if (error.kind == ErrorKind::own_fault && !may_be_a_race) return give_up(id, error);
    if (error.kind == ErrorKind::too_slow && late) return give_up(id, error);
    if (!may_be_a_race && (!passing(error) || late)) stop(error);
    if (error.code == mongo::write_conflict && backoff.attempts() >= conflicts_before_looking)
      end_abandoned();
    std::this_thread::sleep_for(backoff.next());
  }
}

/// Ends the transactions of retries that were killed. The server would keep them open for a minute, with
/// locks on the letter and the target.
void DeadLetters::end_abandoned() {
  const auto condemned = [](const mongo::OpenTransaction& one) {
    return one.application == letters_application && one.idle_ms >= abandoned_after_ms;
  };
  mongo::end_transactions(client_.get(), condemned);
}

Retried DeadLetters::give_up(const LetterId& id, const Error& error) {
  bson::Builder update;
  update.append("update", state::dead_letters).open_array("updates").open(update.item());
  update.open("q").append("_id", value_of(id)).close().open("u").open("$set");
  update.open("error").append("code", error.code);
  update.append("message", sinks::letter_message(error.message)).close();
  update.append_date("triedAt", now_ms()).close().open("$inc").append("attempts", 1).close().close();
  update.close().close();
  retry_until(update.finish(), mongo::Doing::storing);
  return {End::failed, error.text()};
}

std::int64_t DeadLetters::drop(const std::vector<LetterId>& ids) {
  std::int64_t dropped = 0;
  for (std::size_t from = 0; from < ids.size(); from += ids_in_one_drop) {
    const std::size_t end = std::min(ids.size(), from + ids_in_one_drop);
    bson::Builder remove;
    remove.append("delete", state::dead_letters).open_array("deletes").open(remove.item());
    remove.open("q").append("pipeline", config_.pipeline).open("_id").open_array("$in");
    for (std::size_t i = from; i < end; ++i) remove.append(remove.item(), value_of(ids[i]));
    remove.close().close().close().append("limit", 0).close().close();
    remove.open("writeConcern").append("w", "majority").close();
    dropped += retry_until(remove.finish(), mongo::Doing::storing).view().at("n").integer().value_or(0);
  }
  return dropped;
}

std::vector<std::unique_ptr<DeadLetters>> dead_letters_of(const Config& config) {
  std::vector<std::unique_ptr<DeadLetters>> all;
  std::set<Cluster> known;
  for (const StreamConfig& stream : config.streams) {
    if (known.insert(cluster_of(stream)).second) all.push_back(std::make_unique<DeadLetters>(config, stream));
  }
  return all;
}

}  // namespace sluice::operations
