#include "pipeline/stream.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <random>

#include "audit/backfill.hpp"
#include "checkpoint/maintained_rules.hpp"
#include "checkpoint/trigger_problems.hpp"
#include "requirements/fingerprints.hpp"
#include "requirements/provision.hpp"
#include "requirements/rights.hpp"
#include "rules/registry.hpp"
#include "sinks/mongo/mongo_bulk.hpp"

namespace sluice::pipeline {

namespace {

using std::chrono::milliseconds;

constexpr auto keeper_tick = milliseconds(200);
constexpr auto store_interval = milliseconds(1000);
constexpr auto drain_poll = milliseconds(10);
constexpr auto lanes_come_back = milliseconds(500);   // beyond the drain time, once they are abandoned
constexpr std::size_t letter_lines_each_minute = 20;  // what comes beyond them is counted
constexpr std::size_t notice_lines_each_minute = 20;
constexpr auto hand_over = milliseconds(400);  // what is queued by then, whoever takes over reads again

std::vector<std::string> names_of(const requirements::Rules& rules) {
  std::vector<std::string> names;
  for (const auto& rule : rules) names.push_back(rule->name());
  return names;
}

/// The lanes are shared by all rules.
milliseconds longest_linger(const requirements::Rules& rules, milliseconds usual) {
  for (const auto& rule : rules) usual = std::max(usual, rule->options().linger);
  return usual;
}

std::string title_of(const StreamConfig& config, const StreamPart& part) {
  return part.of_cluster ? config.name + " partition " + std::to_string(part.index) : config.name;
}

/// An instance may come to run all partitions, and its limits are for the whole.
std::int64_t per_part(std::int64_t limit, const StreamPart& part) {
  return part.of_cluster ? std::max<std::int64_t>(1, limit / part.count) : limit;
}

/// `articles {"_id":1}` of `insert of articles {"_id":1}`.
std::string_view document_of(const sinks::StoredLetter& letter) {
  constexpr std::string_view of = " of ";
  const auto at = letter.change.find(of);
  return at == std::string::npos ? std::string_view()
                                 : std::string_view(letter.change).substr(at + of.size());
}

}  // namespace

std::shared_ptr<Stream> Stream::make(const WorkerContext& around, std::shared_ptr<StreamResources> commons,
                                     const StreamConfig& config, StreamPart part, StreamEvents events,
                                     Recovery recovery) {
  std::unique_ptr<Stream> made(  // NOLINT: its maker is private
      new Stream(around, std::move(commons), config, part, std::move(events), std::move(recovery)));
  return {made.release(), [&teardown = around.teardown](Stream* ended) {
            asio::post(teardown, [owned = std::unique_ptr<Stream>(ended)] {});
          }};
}

Stream::Stream(WorkerContext around, std::shared_ptr<StreamResources> commons, const StreamConfig& config,
               StreamPart part, StreamEvents events, Recovery recovery)
    : around_(std::move(around)),
      shared_commons_(std::move(commons)),
      commons_(*shared_commons_),
      config_(config),
      part_(part),
      events_(std::move(events)),
      title_(title_of(config, part)),
      condition_("stream " + title_),
      log_(*around_.log, title_, config.name, part.partition()),
      rules_(rules::make_rules(config, around_.config.parts())),
      rule_names_(names_of(rules_)),
      pool_(commons_.pool),
      metrics_(around_.metrics.stream(config.name, part.partition())),
      budget_(per_part(around_.config.engine.queue_events, part),
              per_part(around_.config.engine.queue_mb << 20, part)),
      store_(pool_, around_.config.state_database,
             {around_.config.pipeline, config.name, part.count, part.index, around_.config.engine.lanes,
              requirements::options_hash(config.database, rules_), requirements::filter_hash(filter()),
              checkpoint::split_of(around_.config.pipeline, config)},
             commons_.self),
      strand_(asio::make_strand(around_.io)),
      letter_lines_(letter_lines_each_minute, std::chrono::minutes(1)),
      reading_lines_(letter_lines_each_minute, std::chrono::minutes(1)),
      outlet_lines_(letter_lines_each_minute, std::chrono::minutes(1)),
      reopening_(log_, "the change stream failed and is reopened"),
      held_up_(log_, "a batch failed"),
      not_stored_(log_, "the checkpoint could not be stored"),
      tokens_not_stored_(log_,
                         "the other connector's resume tokens could not be stored; publishing continues"),
      notice_lines_(notice_lines_each_minute, std::chrono::minutes(1)),
      sink_(sinks::make_outlets(outlet_parts()),
            std::make_unique<sinks::MongoBulk>(pool_, commons_.recorder, bulk_options())),
      dispatcher_(rules_, budget_, metrics_),
      health_(
          {strand_, pool_, commons_.asking_thread, budget_, metrics_, around_.readiness, log_, config.name,
           part.partition(), condition_, around_.config.engine, around_.config.pipeline,
           around_.config.state_database, around_.config.place_arguments, checkpoint::maintained_of(rules_),
           part.index == 0, commons_.outlets, [this](asio::awaitable<void> work) { spawn(std::move(work)); }},
          around_.metrics),
      keeper_timer_(strand_),
      drain_timer_(strand_) {
  for (const auto& rule : rules_) {
    for (const DeliveryPlan* plan : rule->deliveries()) {
      commons_.outlets.add(sinks::server_of(sink_.outlets(), *plan), rule->name());
    }
  }
  // Several readers would each tell where they are themselves.
  if (tokens_.emplace(rules_); tokens_->empty() || part_.count > 1) {
    tokens_.reset();
  } else {
    dispatcher_.tell(token_trail_.emplace(tokens_->watched()));
  }
  dispatcher_.tell_of_collections(part_.index == 0);
  // Of one that is tried again, the reason why it did not run last time stays until there is news.
  if (around_.readiness.reason(condition_).empty()) {
    around_.readiness.not_ready(condition_, "connecting to MongoDB");
  }
  reader_ = std::make_unique<Reader>(pool_, store_, budget_, reader_plan(recovery), reader_events(), commons_,
                                     log_);
}

Stream::~Stream() = default;

/// A reader may still speak while the last one lets go of the stream; nobody listens then.
template <typename Work>
void Stream::on_strand(Work work) {
  auto self = weak_from_this().lock();
  if (!self) return;
  asio::post(strand_, [self = std::move(self), work = std::move(work)]() mutable {
    try {
      work();
    } catch (...) {
      self->on_exception(std::current_exception());
    }
  });
}

void Stream::spawn(asio::awaitable<void> work) {
  async::spawn(strand_, std::move(work),
               [self = shared_from_this()](const std::exception_ptr& thrown) { self->on_exception(thrown); });
}

void Stream::on_exception(const std::exception_ptr& thrown) {
  broken_ = true;
  fail(exit_code::cannot_start,
       "internal error: " + async::what_of(thrown) +
           "; the stream ends; work in flight is done again from the stored position");
}

void Stream::start() {
  reader_->start();
}

source::StreamFilter Stream::filter() const {
  return requirements::filter_of(rules_, part_.count, part_.index);
}

ReaderPlan Stream::reader_plan(const Recovery& recovery) {
  const Config& config = around_.config;
  ReaderPlan plan;
  plan.stream = {config_.database, filter(), config.engine.cursor_batch, config.engine.max_await_ms};
  const bool restart_now = part_.restart_now || recovery.policy == LostPolicy::restart_now;
  plan.acquire = {restart_now, config.accept_changed_rules, config.engine.lease_ms};
  if (recovery.policy == LostPolicy::rebuild) plan.rebuild = recovery.lost;
  plan.fill = [this, stream = plan.stream](const std::stop_token& stop) {
    const auto waiting = [this](const std::string& why) { around_.readiness.not_ready(condition_, why); };
    audit::Backfill backfill(
        {pool_, commons_.recorder, store_, around_.config, config_, rules_, stream, log_, waiting});
    return backfill.run(part_.backfill, stop);
  };
  plan.check_filled = [this, restart_now](checkpoint::Acquired& acquired) {
    return checkpoint::check_filled({pool_, store_, rules_, log_, restart_now}, acquired);
  };
  // A cluster's members tell theirs as they join.
  if (!part_.of_cluster) {
    plan.tell_rights = [this](mongoc_client_t* client) {
      for (const auto& lack :
           requirements::lacking(requirements::rights_of(client), around_.config, config_, rules_))
        log_.error("{}", lack);
    };
  }
  plan.provision = [this] {
    return requirements::prepare_for(around_.config, config_, rules_, around_.all_streams, pool_, log_);
  };
  if (config_.of_triggers) {
    plan.origin_first = !part_.of_cluster;  // a cluster's first member has settled it
    plan.note_problem = [this](const std::string& why) { note_problem(why); };
  }
  plan.prepare_again = recovery.policy != LostPolicy::fail;
  plan.prepare_sinks = [this] { return prepare_sinks(); };
  plan.snapshots =
      std::make_unique<SnapshotPump>(pool_,
                                     SnapshotPump::Options{config.pipeline, config_.name, config_.database,
                                                           config.state_database, part_.count, part_.index},
                                     rules_, log_);
  if (plan.stream.filter.with_session) {
    plan.own_writes = std::make_unique<source::OwnWrites>(config.state_database, config.pipeline);
  }
  if (!config_.resume_tokens.empty()) {
    plan.look_elsewhere = [this](const std::optional<Position>& own, checkpoint::ForeignProgress& found) {
      return checkpoint::find_foreign_progress(pool_, config_.resume_tokens, rules_, own, log_, found);
    };
  }
  if (dispatcher_.repetitions().any()) plan.no_repetitions = dispatcher_.repetitions().stored();
  plan.tells_only = std::ranges::none_of(rules_, [](const auto& rule) { return rule->keeps_state(); });
  plan.hosts = pool_.hosts();
  plan.patient = part_.of_cluster;
  // What the rules beside it do meanwhile has to be published when its server is back.
  const bool publishes_apart = config_.split && config_.split->publishing == config_.name;
  if (publishes_apart && !plan.look_elsewhere && !plan.rebuild) plan.origin_first = true;
  return plan;
}

/// On any thread. What outlets warn of may be true of every message.
void Stream::say_of_outlet(bool loud, const std::string& text) {
  if (!loud) return log_.info("{}", text);
  const flow::Time now = flow::Clock::now();
  const std::lock_guard lock(outlet_lines_mutex_);
  if (const std::size_t untold = outlet_lines_.due(now); untold > 0) {
    log_.warn("{} more warnings about single messages in the last minute", untold);
  }
  if (outlet_lines_.allow(now)) log_.warn("{}", text);
}

sinks::OutletParts Stream::outlet_parts() {
  const auto say = [this](bool loud, const std::string& text) { say_of_outlet(loud, text); };
  const auto duplicates = [this](std::size_t count) {
    metrics_.publish_duplicates.Increment(static_cast<double>(count));
  };
  const auto requests = [this](const sinks::RequestReport& report) {
    auto counts = metrics_.requests(std::string(report.endpoint));
    counts.ok.Increment(static_cast<double>(report.ok));
    counts.retried.Increment(static_cast<double>(report.retried));
    counts.refused.Increment(static_cast<double>(report.refused));
    counts.open.Set(report.open ? 1 : 0);
    observe::Distribution::Tally took(counts.seconds);
    for (const double seconds : report.seconds) took.observe(seconds);
    counts.seconds.add(took);
  };
  return {around_.config, requirements::deliveries_of(rules_), say, duplicates, requests, around_.services};
}

ReaderEvents Stream::reader_events() {
  ReaderEvents events;
  events.connected = [this] { events_.connected(); };
  events.waiting = [this](const std::string& why) { around_.readiness.not_ready(condition_, why); };
  events.opened = [this](checkpoint::Acquired acquired, Position at) {
    on_strand([this, acquired = std::move(acquired), at = std::move(at)]() mutable {
      on_opened(std::move(acquired), std::move(at));
    });
  };
  events.batch = [this](std::unique_ptr<source::StreamBatch> batch) {
    reopening_.succeeded();
    on_strand([this, batch = std::move(batch)]() mutable { on_batch(std::move(batch)); });
  };
  events.reopening = [this](const Error& error) { on_reopening(error); };
  events.reading_less = [this](const Error& error, const flow::ReadDetail& reading) {
    on_reading_less(error, reading);
  };
  events.failed = [this](int exit_code, const std::string& why) {
    on_strand([this, exit_code, why] { fail(exit_code, why); });
  };
  return events;
}

void Stream::on_reading_less(const Error& error, const flow::ReadDetail& reading) {
  // How the first part of an event is asked for: with its neighbours, or alone where they are wanted whole.
  const int first_batch = filter().parts_serve() ? around_.config.engine.cursor_batch : 1;
  const flow::Time now = flow::Clock::now();
  if (const std::size_t untold = reading_lines_.due(now); untold > 0) {
    log_.warn("{} more events could not be read whole in the last minute", untold);
  }
  const bool told = reading_lines_.allow(now);
  if (error.kind != ErrorKind::too_large) {
    if (told)
      log_.log(reading.judging == flow::Judging::skip ? spdlog::level::warn : spdlog::level::debug, {},
               "the server refuses an event: {}; if a rule's 'where' fails on it, the event becomes a dead "
               "letter of that rule",
               error.text());
  } else if (reading ==
             flow::ReadDetail{Detail::whole, around_.config.engine.cursor_batch, reading.judging, true}) {
    // It is read, and dead, although nothing can be kept of it.
    metrics_.events_read.Increment();
    metrics_.events_dead.Increment();
    if (told)
      log_.error(
          "a change of a document is skipped, because the _id of its document alone (more than about 3 MB) "
          "is too large for a change stream: {}; no rule receives it, and no dead letter can store it. Keep "
          "documents with such an _id out of the watched collections; run sluice verify --repair to correct "
          "the targets",
          error.text());
  } else if (reading.detail == Detail::key_only) {
    if (told)
      log_.warn(
          "an event is too large to be read, even without the fields that no rule reads: {}; rules receive "
          "it without its fields, and for rules that need them it becomes a dead letter",
          error.text());
  } else if (reading.detail == Detail::needed && reading.batch == first_batch) {
    metrics_.large_events.Increment();
    if (told)
      log_.info("an event is too large to be read whole; reading only the fields that the rules need");
  }
}

void Stream::on_reopening(const Error& error) {
  health_.broke(error);
  reopening_.failed(error);
  around_.readiness.not_ready(condition_, "the change stream is being reopened: " + error.text());
  metrics_.stream_reopens.Increment();
}

void Stream::make_lanes(const std::vector<LaneGuard>& guards) {
  const EngineConfig& engine = around_.config.engine;
  const flow::LaneLimits limits{static_cast<std::size_t>(engine.batch_docs),
                                static_cast<std::size_t>(engine.batch_bytes),
                                longest_linger(rules_, milliseconds(engine.batch_linger_ms))};
  std::random_device seed;
  for (const LaneGuard& guard : guards) {
    const std::size_t index = lanes_.size();
    LaneDriver::Parts parts{
        strand_,
        commons_.batch_threads,
        sink_,
        dispatcher_,
        metrics_,
        [this](const Error& error) {
          if (lease_given_back_) return;  // whoever has it now does that batch again
          fail(error.kind == ErrorKind::fenced ? exit_code::lease_lost : exit_code::cannot_start,
               error.text());
        },
        [this, index](const Error& error, const std::string& outlet) { on_lane_retry(index, error, outlet); },
        [this, index] { on_lane_recovered(index); },
        allowance_,
        [this] {
          for (auto& waiting : lanes_) waiting->wake();
        }};
    lanes_.push_back(std::make_unique<LaneDriver>(
        std::move(parts), std::make_unique<flow::Lane>(limits, guard, rule_names_, seed())));
  }
}

sinks::MongoBulkOptions Stream::bulk_options() {
  const auto stored = [this](std::vector<sinks::StoredLetter> letters) {
    on_strand([this, letters = std::move(letters)] { tell_letters(letters); });
  };
  return {around_.config.pipeline, config_.name, around_.config.state_database,
          around_.config.engine.statement_ms, stored};
}

void Stream::tell_letters(const std::vector<sinks::StoredLetter>& letters) {
  const flow::Time now = flow::Clock::now();
  tell_withheld(letter_lines_.due(now));
  for (const sinks::StoredLetter& letter : letters) {
    if (!letter_lines_.allow(now)) continue;
    observe::LogFields fields;
    fields.rule = letter.rule;
    fields.document = document_of(letter);
    fields.code = letter.code;
    log_.error(fields, "dead letter of rule {}, {}: {} (code {}); see it with: sluice dead show FILE {}",
               letter.rule, letter.change, letter.message, letter.code, letter.id);
  }
}

void Stream::tell_withheld(std::size_t letters) {
  if (letters == 0) return;
  log_.error(
      "{} more dead letter{} in the last minute; see them with: sluice dead list FILE "
      "--stream {}",
      letters, letters == 1 ? "" : "s", config_.name);
}

void Stream::note_reach(const std::optional<Error>& error) {
  if (!error) {
    commons_.reach.succeeded();
  } else if (error->kind == ErrorKind::unavailable) {
    commons_.reach.failed(flow::Clock::now());
  }
}

/// Blocks.
void Stream::note_problem(const std::string& why) {
  const auto error = checkpoint::note_trigger_problem(pool_, around_.config.state_database,
                                                      around_.config.pipeline + "/" + config_.name, why);
  if (error) log_.debug("its problem could not be stored: {}", error->text());
}

/// For those who ask the state database: while the triggers run, of the part that fails first.
void Stream::note_while_running(const std::string& condition, const std::string& why) {
  if (!config_.of_triggers || (!problem_of_.empty() && problem_of_ != condition) || problem_ == why) return;
  problem_ = why;
  problem_of_ = why.empty() ? "" : condition;
  asio::post(commons_.keeper_threads, [&pool = pool_, log = log_, database = around_.config.state_database,
                                       id = around_.config.pipeline + "/" + config_.name, why] {
    const auto error = checkpoint::note_trigger_problem(pool, database, id, why);
    if (error) log.debug("its problem could not be stored: {}", error->text());
  });
}

std::string Stream::lane_condition(std::size_t lane) const {
  return condition_ + " lane " + std::to_string(lane);
}

/// While the stream starts; on the reader's thread.
std::optional<Error> Stream::prepare_sinks() {
  const std::string who = title_ + " start";
  auto unprepared = sinks::prepare_all(sink_.outlets(), requirements::deliveries_of(rules_));
  if (!unprepared) {
    note_reach(std::nullopt);
    commons_.outlets.works(who);
    return std::nullopt;
  }
  note_reach(unprepared->error);
  if (unprepared->error.kind == ErrorKind::unavailable) {
    commons_.outlets.failed(who, unprepared->server, unprepared->error, 0);
  }
  return std::move(unprepared->error);
}

/// What messages wait for degrades the worker; what keeps positions from being stored is its own matter.
void Stream::on_lane_retry(std::size_t lane, const Error& error, const std::string& outlet) {
  const std::string condition = lane_condition(lane);
  note_reach(error);
  const bool waits = error.kind == ErrorKind::denied || error.kind == ErrorKind::unavailable;
  if (waits && !outlet.empty()) {
    note_while_running(condition, error.text());
    commons_.outlets.failed(fmt::format("{} lane {}", title_, lane), outlet, error, budget_.events());
    return;
  }
  on_denied(condition, error);
  // What is refused for good becomes a dead letter, which has a line of its own.
  if (error.kind == ErrorKind::transient || error.kind == ErrorKind::own_fault) {
    log_.log(spdlog::level::debug, observe::LogFields::of(error), "lane {}: {} ({}); retrying", lane,
             error.text(), name_of(error.kind));
    return;
  }
  held_up_lanes_.insert(lane);
  observe::LogFields fields = observe::LogFields::of(error);
  fields.lane = static_cast<int>(lane);
  held_up_.failed(fmt::format("lane {}: {} ({})", lane, error.text(), name_of(error.kind)), fields);
}

void Stream::on_lane_recovered(std::size_t lane) {
  note_reach(std::nullopt);
  on_denied(lane_condition(lane), std::nullopt);
  commons_.outlets.works(fmt::format("{} lane {}", title_, lane));
  held_up_lanes_.erase(lane);
  if (held_up_lanes_.empty()) held_up_.succeeded();
}

void Stream::on_denied(const std::string& condition, const std::optional<Error>& error) {
  const bool lasting = error && error->kind == ErrorKind::denied;
  note_while_running(condition, lasting ? error->text() : "");
  if (lasting) {
    around_.readiness.not_ready(condition, "MongoDB denies it: " + error->text());
  } else {
    around_.readiness.forget(condition);
  }
}

void Stream::on_opened(checkpoint::Acquired acquired, Position at) {
  epoch_ = acquired.epoch;
  if (stopping_) return;  // end() gives the lease back
  lease_.emplace(milliseconds(around_.config.engine.lease_ms), flow::Clock::now());
  make_lanes(acquired.lanes);
  std::vector<flow::Lane*> lanes;
  for (auto& lane : lanes_) lanes.push_back(&lane->lane());
  dispatcher_.start(std::move(acquired.facts), std::move(lanes), acquired.filled, acquired.windows,
                    std::move(acquired.told_elsewhere));
  for (auto& lane : lanes_) spawn(lane->run());
  spawn(keep_checkpoint());
  if (acquired.floor) least_floor_ = acquired.floor->data();
  health_.opened(epoch_, acquired.floor.value_or(at), lanes_);
  health_.take_maintained(acquired.maintained);
  log_.info("streaming {} from {} (epoch {}, {} lanes)", config_.database, pool_.hosts(), epoch_,
            lanes_.size());
  around_.readiness.ready(condition_);
  events_.ready();
}

void Stream::on_batch(std::unique_ptr<source::StreamBatch> batch) {
  if (stopping_) return;  // read, but not begun: it will be read again from the stored position
  const flow::Time now = flow::Clock::now();
  if (!batch->on_done) health_.answered(*batch, now);  // a snapshot's chunk says nothing of the stream
  const bool any = !batch->events.empty();
  around_.readiness.ready(condition_);
  const auto end = dispatcher_.dispatch(std::move(batch), now);
  for (auto& lane : lanes_) {
    if (lane->lane().queued() > 0) lane->wake();
  }
  busy_since_stored_ |= any;
  provide_for(dispatcher_.take_found());
  tell_notices(dispatcher_.take_notices());
  take_floor();
  if (end) fail(exit_code::position_lost, *end, true);
}

/// A database may be dropped with any number of collections.
void Stream::tell_notices(const std::vector<std::string>& notices) {
  const flow::Time now = flow::Clock::now();
  tell_withheld_notices(notice_lines_.due(now));
  for (const std::string& notice : notices) {
    if (notice_lines_.allow(now)) log_.warn("{}", notice);
  }
}

void Stream::tell_withheld_notices(std::size_t count) {
  if (count == 0) return;
  log_.warn("{} more collection{} dropped or renamed in the last minute", count,
            count == 1 ? " was" : "s were");
}

/// Beside the stream, which goes on meanwhile: until it is done changes of these collections have no images.
void Stream::provide_for(std::vector<std::string> found) {
  if (found.empty()) return;
  asio::post(commons_.asking_thread,
             [&pool = pool_, log = log_, database = config_.database, found = std::move(found)] {
               const auto error =
                   mongo::or_error([&] { return requirements::provision_found(pool, database, found, log); });
               if (error) log.warn("{}", error->text());
             });
}

void Stream::take_floor() {
  if (broken_) return;
  auto reached = dispatcher_.advance();
  health_.reached(reached, dispatcher_.idle());
  if (reached && token_trail_) token_trail_->reached(reached->data());
  if (reached && reached->data() > least_floor_) floor_ = std::move(reached);
}

/// Whether it is stored.
asio::awaitable<bool> Stream::store_checkpoint() {
  take_floor();
  const flow::Time asked = flow::Clock::now();
  const bool forget = dispatcher_.passed_facts();
  // An event that was the last for long is left behind soon: one store more, and then none while it is quiet.
  busy_since_stored_ = floor_ && floor_->at_event;
  auto tokens = token_trail_ ? token_trail_->take() : std::vector<flow::TokenTrail::Token>();
  health_.storing();
  const std::uint64_t version = dispatcher_.repetitions().version();
  std::optional<std::vector<checkpoint::DedupRecord>> windows;
  const bool with_floor = floor_.has_value();
  if (with_floor && version != stored_windows_) windows = dispatcher_.repetitions().stored();
  const auto renew = [this, floor = floor_, forget, windows = std::move(windows)] {
    return mongo::or_error(
        [&] { return store_.renew(epoch_, around_.config.engine.lease_ms, floor, forget, windows); });
  };
  auto error = co_await run_blocking<std::optional<Error>>(commons_.keeper_threads, renew);
  if (error) pool_.reconsider(*error);
  on_denied(condition_ + " checkpoint", error);
  if (!error) {
    not_stored_.succeeded();
    lease_->renewed(asked);
    if (with_floor) stored_windows_ = version;
    stored_at_ = asked;
    health_.stored(asked);
    co_await store_tokens(std::move(tokens));
    co_return true;
  }
  if (token_trail_) token_trail_->give_back(std::move(tokens));
  if (error->kind == ErrorKind::fenced) {
    fail(exit_code::lease_lost, error->text());
  } else {
    health_.not_stored(*error);
    metrics_.retries("checkpoint").Increment();
    not_stored_.failed(*error);
  }
  co_return !error;
}

/// `news`: taken before our own position was stored, so that none is ahead of it.
asio::awaitable<void> Stream::store_tokens(std::vector<flow::TokenTrail::Token> news) {
  if (news.empty()) co_return;
  const auto store = [this, &news] { return mongo::or_error([&] { return tokens_->store(pool_, news); }); };
  const auto error = co_await run_blocking<std::optional<Error>>(commons_.keeper_threads, store);
  if (!error) {
    tokens_not_stored_.succeeded();
    co_return;
  }
  tokens_not_stored_.failed(*error);
  token_trail_->give_back(std::move(news));
}

asio::awaitable<void> Stream::keep_checkpoint() {
  const async::Raised keeping(keeping_);
  // A drain may take as long as a lease.
  while (!drained_ && !lease_lost_) {
    keeper_timer_.expires_after(keeper_tick);
    boost::system::error_code woken;
    co_await keeper_timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (drained_ || lease_lost_) break;
    take_floor();
    const flow::Time now = flow::Clock::now();
    tell_withheld(letter_lines_.due(now));
    tell_repetitions(now);
    tell_withheld_notices(notice_lines_.due(now));
    const bool news = floor_ && busy_since_stored_ && now >= stored_at_ + store_interval;
    if (news || now >= lease_->renew_at()) co_await store_checkpoint();
  }
}

/// What is said once a minute of what fails still.
void Stream::tell_repetitions(flow::Time now) {
  held_up_.tell_due(now);
  not_stored_.tell_due(now);
  tokens_not_stored_.tell_due(now);
  commons_.outlets.tell_due(now);
}

void Stream::request_stop() {
  on_strand([this] { stop(true); });
}

void Stream::fail(int exit_code, const std::string& why, bool drain) {
  if (ended_) return log_.error("{}", why);  // nobody listens any more
  const bool fenced = exit_code == exit_code::lease_lost;
  // In a cluster that is how a partition moves on from an instance that was away for too long.
  const bool usual = fenced && part_.of_cluster;
  if (usual) {
    log_.warn("{}", why);
  } else if (around_.tells_stop(why)) {
    log_.error("{}", why);
  }
  if (!usual) around_.readiness.not_ready(condition_, why);
  lease_lost_ |= fenced;
  events_.failed(exit_code);
  stop(drain);
}

/// Calling stop(false) while draining ends the drain at once.
void Stream::stop(bool drain) {
  if (!drain) {
    for (auto& lane : lanes_) lane->abandon();
    sink_.abandon();
  }
  if (stopping_) return;
  stopping_ = true;
  around_.readiness.not_ready(condition_ + " stopping", "stopping");
  reader_->request_stop();
  health_.stop();
  for (auto& lane : lanes_) lane->finish();
  spawn(end());
}

asio::awaitable<void> Stream::poll_delay() {
  drain_timer_.expires_after(drain_poll);
  boost::system::error_code woken;
  co_await drain_timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

bool Stream::lanes_ended() const {
  return std::ranges::all_of(lanes_, [](const auto& lane) { return lane->ended(); });
}

/// Within the drain time, and a moment more for the batches that are out. One that is still not back hangs on
/// a silent server. It keeps nobody from storing the position, which lies before it.
asio::awaitable<void> Stream::wait_for_lanes() {
  const milliseconds drain(around_.config.engine.drain_ms);
  const flow::Time deadline = flow::Clock::now() + (part_.of_cluster ? std::min(drain, hand_over) : drain);
  while (!lanes_ended() && flow::Clock::now() < deadline + lanes_come_back) {
    if (flow::Clock::now() >= deadline) {
      for (auto& lane : lanes_) lane->abandon();
      sink_.abandon();
    }
    co_await poll_delay();
  }
}

/// Those that ask may hang on a silent server for as long as its socket lets them. The worker bounds the
/// wait.
asio::awaitable<void> Stream::wait_for_threads() {
  while (!reader_->ended() || !health_.ended() || !lanes_ended()) co_await poll_delay();
}

/// Its renewal may be under way still, and must not come in behind what end() stores.
asio::awaitable<void> Stream::wait_for_keeper() {
  while (keeping_) co_await poll_delay();
}

asio::awaitable<void> Stream::end() {
  co_await wait_for_lanes();
  drained_ = true;
  keeper_timer_.cancel();
  co_await wait_for_keeper();
  // Whoever is next need not wait until the reader, or a batch that hangs, is back from the server: nothing
  // more is done by what they bring.
  if (lease_) co_await store_and_give_back();
  co_await wait_for_threads();
  // Behind what the reader posted last: a strand keeps the order.
  co_await asio::post(strand_, asio::use_awaitable);
  epoch_ = reader_->epoch();
  if (!lease_ && epoch_ != 0 && !lease_lost_) co_await give_lease_back(true);
  tell_withheld(letter_lines_.rest());
  commons_.outlets.forget(title_ + " ");
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) around_.readiness.forget(lane_condition(lane));
  around_.readiness.forget(condition_ + " checkpoint");
  tell_withheld_notices(notice_lines_.rest());
  health_.retire();
  ended_ = true;
  events_.ended();
}

/// An exception here must not keep the stream from ending.
asio::awaitable<void> Stream::store_and_give_back() {
  try {
    const bool stored = !lease_lost_ && co_await store_checkpoint();
    if (!lease_lost_) co_await give_lease_back(stored);
  } catch (const std::exception& error) {
    log_.error("internal error while stopping: {}; work after the stored position is done again",
               error.what());
  }
}

/// `stored`: the newest position is.
asio::awaitable<void> Stream::give_lease_back(bool stored) {
  lease_given_back_ = true;
  const auto release = [this] { return mongo::or_error([this] { return store_.release(epoch_); }); };
  const auto error = co_await run_blocking<std::optional<Error>>(commons_.keeper_threads, release);
  if (error) {
    log_.warn("the lease could not be released: {}", error->text());
  } else if (stored) {
    log_.info("stopped; the position is stored");
  } else {
    log_.warn(
        "stopped; the newest position could not be stored, and work after the stored one is done again");
  }
}

}  // namespace sluice::pipeline
