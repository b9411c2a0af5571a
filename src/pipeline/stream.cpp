#include "pipeline/stream.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <random>

#include "audit/backfill.hpp"
#include "checkpoint/maintained_rules.hpp"
#include "requirements/fingerprints.hpp"
#include "requirements/provision.hpp"
#include "requirements/rights.hpp"
#include "rules/registry.hpp"
#include "sinks/mongo/mongo_bulk.hpp"

namespace sluice::pipeline {

namespace {

using std::chrono::milliseconds;

// Effects that are still queued after this time are left to the next holder, which reads their events again.
constexpr auto hand_over = milliseconds(400);

std::vector<std::string> names_of(const requirements::Rules& rules) {
  std::vector<std::string> names;
  for (const auto& rule : rules) names.push_back(rule->name());
  return names;
}

std::string title_of(const StreamConfig& config, const StreamPart& part) {
  return part.of_cluster ? config.name + " partition " + std::to_string(part.index) : config.name;
}

/// The most events that a part may have in flight. In a cluster it is the part's share: the limit holds for
/// an instance, which may come to run all partitions. But each part may have the events of two answers,
/// however many parts there are: fewer would make its transactions small.
std::int64_t events_of_part(const EngineConfig& engine, const StreamPart& part) {
  const std::int64_t all = engine.queue_events;
  const std::int64_t share = part.of_cluster ? std::max<std::int64_t>(1, all / part.count) : all;
  return std::max(share, std::min<std::int64_t>(all, 2 * engine.cursor_batch));
}

milliseconds drain_time(const EngineConfig& engine, const StreamPart& part) {
  const milliseconds drain(engine.drain_ms);
  return part.of_cluster ? std::min(drain, hand_over) : drain;
}

}  // namespace

std::shared_ptr<Stream> Stream::make(const WorkerContext& context, std::shared_ptr<StreamResources> resources,
                                     const StreamConfig& config, StreamPart part, StreamObserver observer,
                                     Recovery recovery) {
  std::unique_ptr<Stream> made(  // NOLINT: its maker is private
      new Stream(context, std::move(resources), config, part, std::move(observer), std::move(recovery)));
  return {made.release(), [&teardown = context.teardown](Stream* ended) {
            asio::post(teardown, [owned = std::unique_ptr<Stream>(ended)] {});
          }};
}

Stream::Stream(WorkerContext context, std::shared_ptr<StreamResources> resources, const StreamConfig& config,
               StreamPart part, StreamObserver observer, Recovery recovery)
    : context_(std::move(context)),
      shared_resources_(std::move(resources)),
      resources_(*shared_resources_),
      config_(config),
      part_(part),
      observer_(std::move(observer)),
      title_(title_of(config, part)),
      condition_("stream " + title_),
      log_(*context_.log, title_, config.name, part.partition()),
      rules_(rules::make_rules(config, context_.config.parts())),
      rule_names_(names_of(rules_)),
      pool_(resources_.pool),
      metrics_(context_.metrics.stream(config.name, part.partition())),
      budget_(events_of_part(context_.config.engine, part), context_.memory),
      store_(pool_, context_.config.state_database,
             {context_.config.pipeline, config.name, part.count, part.index, context_.config.lanes_of_part(),
              requirements::options_hash(config.database, rules_),
              requirements::position_hash(context_.config, rules_, filter()),
              checkpoint::split_of(context_.config.pipeline, config)},
             resources_.self),
      strand_(asio::make_strand(context_.io)),
      lines_(log_, metrics_, config.name),
      troubles_({context_.config, config_, resources_, context_.readiness, log_, title_, condition_}),
      reopening_(log_, "the change stream failed and is reopened"),
      sink_(sinks::make_outlets(outlet_parts()),
            std::make_unique<sinks::MongoBulk>(pool_, resources_.recorder, bulk_options())),
      dispatcher_(rules_, budget_, metrics_),
      health_({strand_, pool_, resources_.asking_thread, budget_, metrics_, context_.readiness, log_,
               config.name, part.partition(), condition_, context_.config.engine, context_.config.pipeline,
               context_.config.state_database, context_.config.place_arguments,
               checkpoint::maintained_of(rules_), part.index == 0, resources_.outlets,
               [this](asio::awaitable<void> work) { spawn(std::move(work)); }},
              context_.metrics),
      // Only an undivided stream stores resume tokens for another program: the parts of a divided one are at
      // different positions.
      keeper_({strand_, resources_.keeper_threads, pool_, store_, *resources_.renewals, dispatcher_, health_,
               metrics_, milliseconds(context_.config.engine.lease_ms), log_},
              keeper_events(), rules_, part.count == 1),
      drain_({strand_, lanes_, sink_, health_, drain_time(context_.config.engine, part)}) {
  add_outlets();
  dispatcher_.tell_of_collections(part_.index == 0);
  // If this stream is a retry, the reason why the last try did not run is kept until there is a new one.
  if (context_.readiness.reason(condition_).empty()) {
    context_.readiness.not_ready(condition_, "connecting to MongoDB");
  }
  reader_ = std::make_unique<Reader>(pool_, store_, budget_, reader_plan(recovery), reader_observer(),
                                     resources_, log_);
}

Stream::~Stream() = default;

void Stream::add_outlets() {
  for (const auto& rule : rules_) {
    for (const DeliveryPlan* plan : rule->deliveries()) {
      resources_.outlets.add(sinks::server_of(sink_.outlets(), *plan), rule->name());
    }
  }
}

void Stream::spawn(asio::awaitable<void> work) {
  async::spawn(strand_, std::move(work),
               [self = shared_from_this()](const std::exception_ptr& thrown) { self->on_exception(thrown); });
}

void Stream::on_exception(const std::exception_ptr& thrown) {
  keeper_.freeze();
  fail(exit_code::cannot_start,
       "internal error: " + async::what_of(thrown) +
           "; the stream ends; work in flight is done again from the stored position");
}

void Stream::start() {
  reader_->start();
}

ReaderObserver Stream::reader_observer() {
  ReaderObserver observer;
  observer.connected = [this] { observer_.connected(); };
  observer.waiting = [this](const std::string& why) { context_.readiness.not_ready(condition_, why); };
  observer.opened = [this](checkpoint::Acquired acquired, Position at) {
    on_strand([this, acquired = std::move(acquired), at = std::move(at)]() mutable {
      on_opened(std::move(acquired), std::move(at));
    });
  };
  observer.batch = [this](std::unique_ptr<source::StreamBatch> batch) {
    reopening_.succeeded();
    on_strand([this, batch = std::move(batch)]() mutable { on_batch(std::move(batch)); });
  };
  observer.reopening = [this](const Error& error) { on_reopening(error); };
  observer.reading_less = [this](const Error& error, const flow::ReadDetail& reading) {
    // The batch size with which the needed part of an event is first requested: the usual one, or, if rules
    // need the other events whole, a single event.
    const int batch = context_.config.engine.cursor_batch;
    lines_.reading_less(error, reading, batch, filter().parts_serve() ? batch : 1);
  };
  observer.failed = [this](int exit_code, const std::string& why) {
    on_strand([this, exit_code, why] { fail(exit_code, why); });
  };
  return observer;
}

void Stream::on_reopening(const Error& error) {
  health_.broke(error);
  reopening_.failed(error);
  context_.readiness.not_ready(condition_, "the change stream is being reopened: " + error.text());
  metrics_.stream_reopens.Increment();
}

/// Called while the stream starts, on the reader's thread.
std::optional<Error> Stream::prepare_sinks() {
  auto unprepared = sinks::prepare_all(sink_.outlets(), requirements::deliveries_of(rules_));
  if (!unprepared) {
    troubles_.prepared();
    return std::nullopt;
  }
  troubles_.unprepared(unprepared->server, unprepared->error);
  return std::move(unprepared->error);
}

CheckpointKeeper::Events Stream::keeper_events() {
  return {[this](flow::Time now) { tell_due(now); },
          [this](const std::optional<Error>& error) { troubles_.checkpoint(error); },
          [this](const std::string& why) { fail(exit_code::lease_lost, why); }};
}

void Stream::tell_due(flow::Time now) {
  lines_.tell_due(now);
  troubles_.tell_due(now);
  keeper_.tell_due(now);
}

void Stream::on_opened(checkpoint::Acquired acquired, Position at) {
  if (stopping_) return;  // end() gives the lease back
  keeper_.start(acquired.epoch, acquired.floor);
  make_lanes(acquired.lanes);
  std::vector<flow::Lane*> lanes;
  for (auto& lane : lanes_) lanes.push_back(&lane->lane());
  dispatcher_.start(std::move(acquired.facts), std::move(lanes), acquired.filled, acquired.windows,
                    std::move(acquired.told_elsewhere));
  for (auto& lane : lanes_) spawn(lane->run());
  spawn(keeper_.run());
  health_.opened(acquired.epoch, acquired.floor.value_or(at), lanes_);
  health_.take_maintained(acquired.maintained);
  log_.info("streaming {} from {} (epoch {}, {} lane{})", config_.database,
            resources_.relay ? resources_.relay->name() : pool_.hosts(), acquired.epoch, lanes_.size(),
            lanes_.size() == 1 ? "" : "s");
  context_.readiness.ready(condition_);
  observer_.ready();
}

void Stream::on_batch(std::unique_ptr<source::StreamBatch> batch) {
  if (stopping_) return;  // not dispatched: its events are read again from the stored position
  const flow::Time now = flow::Clock::now();
  // A snapshot's chunk is not an answer of the stream's cursor.
  if (!batch->on_done) health_.answered(*batch, now);
  if (!batch->events.empty()) keeper_.note_events();
  context_.readiness.ready(condition_);
  const auto end = dispatcher_.dispatch(std::move(batch), now);
  for (auto& lane : lanes_) {
    if (lane->lane().queued() > 0) lane->wake();
  }
  enable_images(dispatcher_.take_found());
  lines_.notices(dispatcher_.take_notices());
  keeper_.take_floor();
  if (end) fail(exit_code::position_lost, *end, true);
}

/// Enables pre-images on new collections that patterns match, in parallel with the stream. Until that is
/// done, changes of these collections have no images.
void Stream::enable_images(std::vector<std::string> found) {
  if (found.empty()) return;
  asio::post(resources_.asking_thread,
             [&pool = pool_, log = log_, database = config_.database, found = std::move(found)] {
               const auto error =
                   mongo::or_error([&] { return requirements::provision_found(pool, database, found, log); });
               if (error) log.warn("{}", error->text());
             });
}

void Stream::request_stop() {
  on_strand([this] { stop(true); });
}

void Stream::fail(int exit_code, const std::string& why, bool drain) {
  if (ended_) return log_.error("{}", why);  // the observer has had its last call
  const bool fenced = exit_code == exit_code::lease_lost;
  // In a cluster this is usual: another instance took the partition because this one did not renew its lease.
  const bool usual = fenced && part_.of_cluster;
  if (usual) {
    log_.warn("{}", why);
  } else if (context_.should_log_stop(why)) {
    log_.error("{}", why);
  }
  if (!usual) context_.readiness.not_ready(condition_, why);
  if (fenced) keeper_.lose_lease();
  observer_.failed(exit_code);
  stop(drain);
}

/// Calling it again without `drain` ends a drain at once.
void Stream::stop(bool drain) {
  if (!drain) drain_.abandon();
  if (stopping_) return;
  stopping_ = true;
  context_.readiness.not_ready(condition_ + " stopping", "stopping");
  reader_->request_stop();
  health_.stop();
  for (auto& lane : lanes_) lane->finish();
  spawn(end());
}

asio::awaitable<void> Stream::end() {
  co_await drain_.lanes_within_limit();
  keeper_.finish();
  // A renewal in flight must not be executed after the last store.
  co_await keeper_.ended();
  // The lease is given back before the reader, or a batch that hangs, has returned from the server, so that
  // the next holder need not wait for that. What they return later is ignored.
  if (keeper_.has_lease()) co_await keeper_.store_and_give_back();
  co_await drain_.everything(*reader_);
  // This runs after the reader's last post, because a strand keeps the order.
  co_await asio::post(strand_, asio::use_awaitable);
  const std::int64_t epoch = reader_->epoch();
  if (!keeper_.has_lease() && epoch != 0 && !keeper_.lease_lost()) co_await keeper_.give_back(epoch);
  lines_.tell_rest();
  troubles_.forget(lanes_.size());
  health_.retire();
  ended_ = true;
  observer_.ended();
}

}  // namespace sluice::pipeline
