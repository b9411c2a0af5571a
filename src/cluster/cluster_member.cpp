#include "cluster/cluster_member.hpp"

#include "flow/pause.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>

#include <algorithm>
#include <random>

#include "core/guarded.hpp"
#include "flow/backoff.hpp"
#include "pipeline/start_tries.hpp"
#include "requirements/fingerprints.hpp"
#include "rules/registry.hpp"
#include "sinks/outlet.hpp"
#include "sinks/relay.hpp"

namespace sluice::cluster {

namespace {

using std::chrono::milliseconds;

constexpr auto look_interval = milliseconds(300);

}  // namespace

ClusterMember::ClusterMember(Parts parts, pipeline::StreamObserver events)
    : parts_(std::move(parts)),
      events_(std::move(events)),
      rules_(rules::make_rules(parts_.config, parts_.context.config.parts())),
      partitions_(parts_.context.config.partitions),
      condition_("cluster of " + parts_.config.name),
      log_(*parts_.context.log, condition_, parts_.config.name),
      joining_(log_, fmt::format("could not join yet (up to {} tries)", pipeline::start_tries)),
      looking_(log_, "cannot read which instance holds which partition, so partitions stay where they are"),
      shared_resources_(std::make_shared<pipeline::StreamResources>(
          parts_.context.config, parts_.config, *parts_.context.pools, *parts_.context.renewals,
          observe::StreamLog(*parts_.context.log, parts_.config.name, parts_.config.name),
          parts_.context.readiness, parts_.context.metrics, partitions_)),
      resources_(*shared_resources_),
      layout_(
          resources_.pool, parts_.context.config.state_database,
          {parts_.context.config.pipeline, parts_.config.name, partitions_, 0,
           parts_.context.config.lanes_of_part(), requirements::options_hash(parts_.config.database, rules_),
           "", checkpoint::split_of(parts_.context.config.pipeline, parts_.config)},
          resources_.self),
      membership_(
          resources_.pool, parts_.context.config.state_database,
          {parts_.context.config.pipeline, layout_.id().stream_id(), resources_.self, partitions_,
           layout_.id().options_hash, parts_.context.config.http_port, parts_.context.config.engine.lease_ms,
           parts_.context.peers ? std::optional(parts_.context.peers->self()) : std::nullopt}),
      entry_({parts_.context, parts_.config, rules_, condition_, log_, resources_, layout_, membership_,
              partitions_}),
      policy_({membership_.instance(), parts_.config.name, layout_.id().options_hash, partitions_}),
      metrics_(parts_.context.metrics.cluster(parts_.config.name, partitions_)),
      status_{parts_.config.name, membership_.instance(), 0, partitions_, 0, ""} {
  const auto outlets = sinks::make_outlets({parts_.context.config, requirements::deliveries_of(rules_)});
  for (const auto& rule : rules_) {
    for (const DeliveryPlan* plan : rule->deliveries()) {
      resources_.outlets.add(sinks::server_of(outlets, *plan), rule->name());
    }
  }
  for (int i = 0; i < partitions_; ++i) {
    seats_.push_back(std::make_unique<PartitionRunner>(
        PartitionRunner::Parts{parts_.context, shared_resources_, parts_.config, parts_.strand},
        pipeline::StreamObserver{[] {}, [this] { tell(); },
                                 [this](int exit_code) { on_seat_failed(exit_code); },
                                 [this, i] { on_seat_ended(i); }}));
  }
  relay_ = pipeline::make_relay_writer(parts_.context, parts_.config, shared_resources_);
  if (auto group = sinks::make_relay_group(parts_.context.config, parts_.config)) {
    group_ = std::make_unique<GroupMembership>(
        std::move(group), GroupMembership::Parts{policy_, log_, parts_.context.readiness, condition_});
  }
}

ClusterMember::~ClusterMember() = default;

void ClusterMember::start() {
  // After a failed try, the condition keeps its reason until there is a new one.
  if (parts_.context.readiness.reason(condition_).empty()) {
    parts_.context.readiness.not_ready(condition_, "joining");
  }
  if (relay_) relay_->start();
  thread_ = std::jthread([this](const std::stop_token& stop) {
    run_guarded([&] { run(stop); }, [this](int code, const char* what) { on_thrown(code, what); });
    asio::post(parts_.strand, [this] { on_left(); });
  });
}

void ClusterMember::on_thrown(int exit_code, const char* what) {
  if (parts_.context.should_log_stop(what)) log_.error("{}", what);
  asio::post(parts_.strand, [this, exit_code] { events_.failed(exit_code); });
}

void ClusterMember::stop() {
  if (stopping_) return;
  stopping_ = true;
  parts_.context.readiness.not_ready(condition_ + " stopping", "leaving");
  thread_.request_stop();
  if (relay_) relay_->request_stop();
  if (group_) group_->stop();
  for (auto& seat : seats_) seat->stop();
}

void ClusterMember::run(const std::stop_token& stop) {
  if (!join(stop)) return;
  // Pause before the first look too: instances that start together should see each other before they take
  // their shares.
  while (flow::pause(look_interval, stop)) {
    checkpoint::ClusterRecord record;
    auto error = mongo::or_error([&] { return beat_and_look(record); });
    if (error) resources_.pool.reconsider(*error);
    asio::post(parts_.strand,
               [this, record = std::move(record), error = std::move(error)] { on_look(record, error); });
  }
  if (group_) group_->close();
  if (const auto error = mongo::or_error([this] { return membership_.leave(); })) {
    log_.warn("could not announce that this instance leaves: {}", error->text());
  }
}

bool ClusterMember::join(const std::stop_token& stop) {
  flow::Backoff backoff({milliseconds(50), std::chrono::seconds(5)}, std::random_device{}());
  for (int tries = 1; !stop.stop_requested(); ++tries) {
    auto error = mongo::or_error([this] { return entry_.attempt(); });
    entry_.note_problem(error ? error->text() : "");
    {
      const std::lock_guard lock(status_mutex_);
      status_.waits_for = error ? error->text() : "";
    }
    if (!error) {
      joining_.succeeded();
      return true;
    }
    resources_.pool.reconsider(*error);
    const bool unavailable = error->kind == ErrorKind::unavailable;
    const bool passing = unavailable || error->kind == ErrorKind::transient ||
                         error->kind == ErrorKind::too_slow || error->kind == ErrorKind::denied;
    if (unavailable)
      parts_.context.readiness.not_ready(condition_, error->message);  // the fault is outside this worker
    if (!passing || (tries >= pipeline::start_tries && !unavailable)) {
      parts_.context.readiness.not_ready(condition_, error->text());
      if (parts_.context.should_log_stop(error->text())) {
        // An outlet's error names its own server, so MongoDB's hosts are not added.
        const std::string where = entry_.stopped_at_outlets() ? "" : " (" + resources_.pool.hosts() + ")";
        log_.error(observe::LogFields::of(*error), "could not join{}: {}", where, error->text());
      }
      const int code = error->kind == ErrorKind::lost ? exit_code::position_lost : exit_code::cannot_start;
      asio::post(parts_.strand, [this, code] { events_.failed(code); });
      return false;
    }
    if (!unavailable) joining_.failed(*error);  // OutletStates reports unavailable outlets
    if (!flow::pause(backoff.next(), stop)) return false;
  }
  return false;
}

/// Whether the outlets have been unreachable for the time of a lease. A member without partitions sends
/// nothing that would show that they are back, so it tries to connect here.
bool ClusterMember::hindered(flow::Time now) {
  const milliseconds patience(parts_.context.config.engine.lease_ms);
  if (resources_.reach.failing_for(patience, now) && empty_ && !entry_.reach_outlets())
    resources_.reach.succeeded();
  return resources_.reach.failing_for(patience, now);
}

/// Renews the membership every third of a lease, so that it survives two failed renewals, and reads the
/// cluster's state.
std::optional<Error> ClusterMember::beat_and_look(checkpoint::ClusterRecord& record) {
  const flow::Time now = flow::Clock::now();
  const bool due = now >= beat_at_;
  if (due) {
    const bool hinders = hindered(now);
    const auto& peers = parts_.context.peers;
    const std::string follows = peers ? peers->followed(parts_.config.name) : "";
    if (auto error = membership_.beat(hinders, resources_.outlets.down(), follows)) return error;
    beat_at_ = now + milliseconds(parts_.context.config.engine.lease_ms) / 3;
  }
  if (auto error = membership_.look(record)) return error;
  return due ? membership_.bury(record) : std::nullopt;
}

void ClusterMember::on_look(const checkpoint::ClusterRecord& record, const std::optional<Error>& error) {
  if (stopping_) return;
  if (error) {
    unreachable_ = true;
    looking_.failed(*error);
    parts_.context.readiness.not_ready(condition_,
                                       "cannot read which instance holds which partition: " + error->text());
    return;
  }
  unreachable_ = false;
  looking_.succeeded();
  members_ = policy_.members_of(record);
  if (parts_.context.peers) parts_.context.peers->tell(parts_.config.name, policy_.peers_of(record));
  decide(record);
  tell_joined();
  tell();
}

void ClusterMember::decide(const checkpoint::ClusterRecord& record) {
  const bool waits = must_wait(record);
  if (group_) {
    const auto order = group_->order_of(record, waits, seated());
    if (order) obey(*order, record);
  } else if (!waits) {
    obey(policy_.order_of(record, seated()), record);
  }
}

/// Reports once that the stream is connected and ready. With --restart-now, only when its partitions have
/// opened, since the new positions exist only then.
void ClusterMember::tell_joined() {
  const bool undecided = group_ && !group_->waits_for().empty();
  const bool opening =
      parts_.context.config.restart_now && (undecided || std::ranges::any_of(seats_, [](const auto& seat) {
                                              return seat->taken() && !seat->open();
                                            }));
  if (opening || std::exchange(joined_told_, true)) return;
  events_.connected();
  events_.ready();
}

bool ClusterMember::must_wait(const checkpoint::ClusterRecord& record) {
  const std::string why = policy_.waits_for(record);
  // Logged only when the wait begins: the text names a holder, which may change during the wait.
  if (!why.empty() && waits_for_.empty()) log_.warn("{}", why);
  if (why.empty() && !waits_for_.empty()) log_.info("no longer waiting for another instance");
  waits_for_ = why;
  return !why.empty();
}

std::vector<flow::Seated> ClusterMember::seated() const {
  std::vector<flow::Seated> here;
  for (const auto& seat : seats_) {
    here.push_back(!seat->taken()    ? flow::Seated::no
                   : seat->leaving() ? flow::Seated::leaving
                                     : flow::Seated::yes);
  }
  return here;
}

void ClusterMember::obey(const flow::ShareOrder& order, const checkpoint::ClusterRecord& record) {
  const bool restart_now = may_restart_now(record);
  decided_ = true;
  for (const int index : order.give) {
    log_.info("partition {} is handed over to another member", index);
    seat(index).stop();
  }
  for (const int index : order.take) {
    if (!stopping_) take(index, restart_now);
  }
}

/// The stored positions may be dropped only at this member's first decision, and only if it is alone and
/// nobody holds a partition.
bool ClusterMember::may_restart_now(const checkpoint::ClusterRecord& record) {
  if (!parts_.context.config.restart_now || decided_) return false;
  const bool alone = members_ == 1 && std::ranges::none_of(record.shards, &checkpoint::PartitionRecord::held);
  if (!alone) {
    log_.warn(
        "--restart-now takes effect only when no other instance is running; stop them all and start one with "
        "it");
  }
  return alone;
}

void ClusterMember::take(int index, bool restart_now) {
  const Config& config = parts_.context.config;
  try {
    seat(index).start({partitions_, index, true, restart_now, config.backfill});
  } catch (const std::exception& error) {
    log_.error("partition {} cannot run here: {}", index, error.what());
    events_.failed(exit_code::cannot_start);
  }
}

/// Losing a lease to another member is not a failure: the next look decides again about the partition.
void ClusterMember::on_seat_failed(int exit_code) {
  if (exit_code != exit_code::lease_lost) events_.failed(exit_code);
}

void ClusterMember::on_seat_ended(int index) {
  parts_.context.readiness.forget_all(fmt::format("stream {} partition {}", parts_.config.name, index));
  tell();
  end_if_empty();
}

void ClusterMember::on_left() {
  left_ = true;
  end_if_empty();
}

void ClusterMember::end_if_empty() {
  const bool taken = std::ranges::any_of(seats_, [](const auto& seat) { return seat->taken(); });
  if (!stopping_ || !left_ || taken || ended_) return;
  ended_ = true;
  events_.ended();
}

void ClusterMember::tell() {
  std::string held;
  int count = 0;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    const bool open = seats_[i]->open();
    metrics_.partition_held[i]->Set(open ? 1 : 0);
    if (!open) continue;
    ++count;
    held += (held.empty() ? "" : ", ") + std::to_string(i);
  }
  empty_ = std::ranges::none_of(seats_, [](const auto& seat) { return seat->taken(); });
  metrics_.members.Set(members_);
  metrics_.partitions_held.Set(count);
  const auto feed = feed_status(count);
  {
    const std::lock_guard lock(status_mutex_);
    status_.members = members_;
    status_.held = count;
    status_.waits_for = waits();
    status_.feed = feed;
  }
  if (members_ == 0 || stopping_ || unreachable_) return;
  if (waits().empty()) {
    parts_.context.readiness.ready(condition_);
  } else {
    parts_.context.readiness.not_ready(condition_, waits());
  }
  const std::string what = count == 0
                               ? fmt::format("stands by, holds none of {} partitions", partitions_)
                               : fmt::format("holds {} of {} partitions: {}", count, partitions_, held);
  parts_.context.readiness.note(condition_,
                                fmt::format("{}; {} member{}{}{}", what, members_, members_ == 1 ? "" : "s",
                                            feed ? "; " : "", feed ? feed->text() : ""));
}

/// How this instance reads the changes of the partitions that it holds.
std::optional<observe::FeedStatus> ClusterMember::feed_status(int held) const {
  const auto& peers = parts_.context.peers;
  if (!peers || held == 0) return std::nullopt;
  return observe::FeedStatus{peers->followed(parts_.config.name),
                             static_cast<int>(parts_.context.feeds->followers(parts_.config.name))};
}

const std::string& ClusterMember::waits() const {
  return waits_for_.empty() && group_ ? group_->waits_for() : waits_for_;
}

void ClusterMember::append_status(observe::WorkerStatus& status) const {
  for (const auto& seat : seats_) {
    if (auto one = seat->status()) status.streams.push_back(std::move(*one));
  }
  const std::lock_guard lock(status_mutex_);
  status.clusters.push_back(status_);
  // Before it has joined, the reason is the one in /readyz.
  observe::ClusterStatus& told = status.clusters.back();
  if (told.members == 0 && told.waits_for.empty())
    told.waits_for = parts_.context.readiness.reason(condition_);
}

}  // namespace sluice::cluster
