#include "operations/replay.hpp"

#include <algorithm>
#include <utility>

#include "config/state_names.hpp"
#include "flow/retry.hpp"
#include "mongo/transaction.hpp"
#include "requirements/rule_table.hpp"
#include "requirements/server_evaluator.hpp"
#include "rules/registry.hpp"
#include "sinks/mongo/puts.hpp"
#include "sinks/outlet.hpp"

namespace sluice::operations {

namespace {

using namespace std::chrono_literals;

constexpr const char* replay_application = "sluice replay";
constexpr std::size_t most_events = 200;
constexpr std::size_t most_bytes = 4u << 20;
constexpr flow::Duration patience = 60s;

bool is_worth_a_wait(const Error& error) {
  return flow::is_transient(error) || error.kind == ErrorKind::unavailable ||
         error.kind == ErrorKind::cursor_gone;
}

/// Rebuilds the change event from a stored event.
requirements::OwnedDocument event_of(bson::View stored) {
  bson::Builder out;
  out.append("_id", stored.at_path("position.token")).append("operationType", stored.at("operation"));
  out.append("clusterTime", stored.at_path("position.clusterTime"));
  out.append("wallTime", stored.at("timestamp")).append("ns", stored.at("ns"));
  out.append("documentKey", stored.at("documentKey"));
  if (stored.at("after")) out.append("fullDocument", stored.at("after"));
  if (stored.at("before")) out.append("fullDocumentBeforeChange", stored.at("before"));
  if (stored.at("operation").text() == "update") {
    const bson::Value apart = stored.at("updateDescription");
    out.append("updateDescription", apart ? apart : stored.at("eventData"));
  }
  const bson::View view = out.finish();
  return {view.data(), view.data() + view.size()};
}

/// Appends a condition on the aggregate's id. The user's text is read as JSON; if it is not JSON, it is the
/// id itself.
void append_aggregate(bson::Builder& out, const std::string& stated) {
  const std::string json = "{\"v\": " + stated + "}";
  bson::Document parsed;
  bson_error_t error{};
  if (bson_init_from_json(parsed.out(), json.data(), static_cast<ssize_t>(json.size()), &error)) {
    out.open("aggregateId").append("$eq", bson::View(*parsed.get()).at("v")).close();
  } else {
    bson_init(parsed.get());  // after an error it is not initialised
    out.append("aggregateId", stated);
  }
}

class Replay {
 public:
  Replay(const Config& config, const ReplayPlan& plan, const std::function<void(const std::string&)>& refused)
      : config_(config),
        plan_(plan),
        refused_(refused),
        store_(rules::make_rule(*plan.from, plan.store)),
        rules_(rules::make_rule(*plan.to, plan.rule)),
        table_(rules_),
        pool_(*plan.from, 2, replay_application),
        client_(pool_.acquire()),
        recorder_(config.state_database, state::sessions, config.pipeline) {
    if (!rules_.front()->projections().empty()) {
      throw ConfigError("rule '" + plan.rule +
                        "' keeps counters or copies, which events that are processed twice would make wrong; "
                        "`sluice verify FILE --repair` brings its targets up to date");
    }
    sinks::OutletParts parts{config, requirements::deliveries_of(rules_)};
    parts.late = true;
    outlets_ = sinks::make_outlets(parts);
  }

  Replayed run() {
    const DocumentPlan& from = *store_.front()->documents().front();
    bson::Builder filter;
    append_filter(filter);
    bson::Builder options;
    append_options(options);
    const bson_t filter_bson = filter.finish().borrow();
    const bson_t options_bson = options.finish().borrow();
    const auto reader = pool_.acquire();
    const mongo::Collection collection(
        mongoc_client_get_collection(reader.get(), from.database.c_str(), from.collection.c_str()));
    const mongo::Cursor cursor(
        mongoc_collection_find_with_opts(collection.get(), &filter_bson, &options_bson, nullptr));
    const bson_t* found = nullptr;
    while (mongoc_cursor_next(cursor.get(), &found)) take(bson::View(*found));
    bson_error_t error{};
    const bson_t* reply = nullptr;
    if (mongoc_cursor_error_document(cursor.get(), &error, &reply))
      stop(mongo::classify(error, reply, mongo::Doing::reading));
    flush();
    return done_;
  }

 private:
  void append_filter(bson::Builder& out) const {
    if (plan_.filter.aggregate) append_aggregate(out, *plan_.filter.aggregate);
    if (!plan_.filter.since_ms && !plan_.filter.until_ms) return;
    out.open("timestamp");
    if (plan_.filter.since_ms) out.append_date("$gte", *plan_.filter.since_ms);
    if (plan_.filter.until_ms) out.append_date("$lt", *plan_.filter.until_ms);
    out.close();
  }

  /// Sorts by cluster time, then by number: all changes of a transaction have the same cluster time.
  static void append_options(bson::Builder& out) {
    out.open("sort").append("position.clusterTime", 1).append("seq", 1).close();
    out.append("allowDiskUse", true).open("readConcern").append("level", "majority").close();
  }

  void take(bson::View stored) {
    ++done_.events;
    bytes_ += stored.size();
    events_.push_back(event_of(stored));
    if (events_.size() >= most_events || bytes_ >= most_bytes) flush();
  }

  void flush() {
    std::vector<requirements::OwnedDocument> events;
    retry_until([&] {
      events.clear();
      if (!requirements::needs_judge(rules_)) {
        events = events_;
        return std::optional<Error>();
      }
      return requirements::judge(client_.get(), plan_.to->database, rules_, events_, events);
    });
    events_.clear();
    bytes_ = 0;
    Arena arena;
    std::vector<Effect> effects;
    for (const requirements::OwnedDocument& one : events) {
      ChangeEvent event;
      parse_event(requirements::view_of(one), event);
      event.snapshot_run = plan_.run;  // becomes part of the message ids
      table_.apply(event, effects, arena);
    }
    act(effects);
  }

  void act(const std::vector<Effect>& effects) {
    Batch batch;
    batch.guard.lane_id = replay_application;
    for (const Effect& effect : effects) {
      if (const auto* reject = std::get_if<Reject>(&effect.body)) {
        refuse(reject->reason);
      } else if (const auto* put = std::get_if<Put>(&effect.body)) {
        batch.writes.emplace_back(PutWrite{put->plan, put->id, put->values});
      } else if (const auto* delivery = std::get_if<Deliver>(&effect.body)) {
        batch.writes.emplace_back(DeliverWrite{delivery->plan, delivery->message, effect.key});
      }
    }
    if (plan_.dry_run) {
      done_.effects += static_cast<std::int64_t>(batch.writes.size());
      return;
    }
    while (!batch.writes.empty() && !carried_out(batch)) {
    }
    done_.effects += static_cast<std::int64_t>(batch.writes.size());
  }

  /// False if a write cannot be carried out; it has been removed from the batch then.
  bool carried_out(Batch& batch) {
    std::optional<std::size_t> impossible;
    const auto attempt = [&]() -> std::optional<Error> {
      Outcome outcome = attempt_all(batch);
      if (!outcome.error) return std::nullopt;
      const bool known = outcome.error->kind == ErrorKind::own_fault && outcome.failed_write;
      if (!known) return outcome.error;
      impossible = outcome.failed_write;
      refuse(outcome.error->text());
      return std::nullopt;
    };
    retry_until(attempt);
    if (impossible) batch.writes.erase(batch.writes.begin() + static_cast<std::ptrdiff_t>(*impossible));
    return !impossible;
  }

  Outcome attempt_all(const Batch& batch) {
    Outcome outcome;
    for (const auto& outlet : outlets_) {
      outcome = outlet->send(batch);
      progress_ |= outcome.documents > 0;
      if (outcome.error) return outcome;
    }
    if (!sinks::puts_something(batch.writes)) return outcome;
    mongo::Transaction transaction(client_.get(), mongo::Isolation::local, &recorder_);
    outcome.error = transaction.error();
    if (outcome.error) return outcome;
    const sinks::Ran ran = sinks::run_puts(transaction, config_.engine.statement_ms, batch.writes);
    outcome.error = ran.error;
    outcome.failed_write = ran.failed_write;
    if (!outcome.error) outcome.error = transaction.commit();
    return outcome;
  }

  void refuse(const std::string& why) {
    ++done_.refused;
    refused_(why);
  }

  void retry_until(const std::function<std::optional<Error>()>& attempt) {
    const auto error = flow::retry_until({.pauses = {10ms, 2s},
                                          .patience = patience,
                                          .passing = is_worth_a_wait,
                                          .progressed = [this] { return std::exchange(progress_, false); }},
                                         attempt);
    if (error) stop(*error);
  }

  [[noreturn]] void stop(const Error& error) const {
    throw Stop(exit_code::cannot_start,
               error.text() + "; the events replayed so far are done; run it again with --run " + plan_.run);
  }

  const Config& config_;
  const ReplayPlan& plan_;
  const std::function<void(const std::string&)>& refused_;
  requirements::Rules store_;
  requirements::Rules rules_;
  requirements::RuleTable table_;
  mongo::ClientPool pool_;
  mongo::ClientPool::Client client_;
  mongo::SessionRecorder recorder_;
  std::vector<std::unique_ptr<sinks::Outlet>> outlets_;
  std::vector<requirements::OwnedDocument> events_;
  std::size_t bytes_ = 0;
  bool progress_ = false;  ///< documents were sent since retry_until() last checked
  Replayed done_;
};

}  // namespace

Replayed replay(const Config& config, const ReplayPlan& plan,
                const std::function<void(const std::string&)>& refused) {
  return Replay(config, plan, refused).run();
}

}  // namespace sluice::operations
