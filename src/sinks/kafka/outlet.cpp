#include "sinks/kafka/outlet.hpp"

#include <algorithm>

#include "sinks/kafka/attempt.hpp"
#include "sinks/kafka/conf.hpp"
#include "sinks/kafka/errors.hpp"
#include "sinks/kafka/exactly_once/positions_topic.hpp"
#include "sinks/kafka/exactly_once/takeover.hpp"
#include "sinks/kafka/exactly_once/transaction.hpp"
#include "sinks/kafka/topics.hpp"

namespace sluice::sinks {

namespace {

constexpr auto most_admin_wait = std::chrono::seconds(5);
constexpr auto reach_step = std::chrono::milliseconds(500);

}  // namespace

Kafka::Kafka(const OutletParts& parts)
    : config_(parts.config.kafka),
      say_(parts.say),
      plans_(plans_of<KafkaPlan>(parts)),
      exactly_once_(config_.exactly_once && !parts.late),
      limits_(kafka::batch_bytes(config_)) {}

/// The producers end before the lanes, whose slots their reports go to.
Kafka::~Kafka() {
  for (auto& [name, lane] : lanes_) lane.producer.reset();
  producer_.reset();
}

Kafka::Lane& Kafka::lane_of(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[name];
  lane.name = name;
  return lane;
}

/// The producer for the next flight. A lane uses the last one until its flight there has landed.
std::variant<std::shared_ptr<kafka::Producer>, Error> Kafka::producer() {
  if (abandoned_) return abandoned_error(where());
  const std::lock_guard lock(mutex_);
  const kafka::Batching batching = limits_.now();
  if (producer_ && !producer_->ended() && producer_->batching() == batching) return producer_;
  auto opened = kafka::Producer::open(config_, batching);
  if (auto* made = std::get_if<std::shared_ptr<kafka::Producer>>(&opened)) producer_ = *made;
  return opened;
}

/// A password file may have been replaced: the next producer reads it again.
void Kafka::retire_if_refused(kafka::Producer& producer) const {
  if (!config_.password_file.empty() && producer.log_in_refused()) producer.retire();
}

std::optional<Error> Kafka::prepare() {
  auto made = producer();
  if (auto* error = std::get_if<Error>(&made)) return std::move(*error);
  auto& producer = *std::get<std::shared_ptr<kafka::Producer>>(made);
  const flow::Time deadline = flow::Clock::now() + std::chrono::milliseconds(config_.ack_ms);
  while (true) {
    const auto code = producer.reach(reach_step);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    if (abandoned_) return abandoned_error(where());
    if (!producer.in_trouble() && flow::Clock::now() < deadline) continue;
    retire_if_refused(producer);
    return producer.complaint(where() + " cannot be reached");
  }
  return ensure_topics(producer);
}

std::optional<Error> Kafka::ensure_topics(kafka::Producer& producer) {
  for (const KafkaPlan* plan : plans_) {
    for (const std::string& topic : plan->topics) {
      if (auto error = ensure_topic(producer, plan->shape, topic)) return error;
    }
  }
  return std::nullopt;
}

/// Creates the topic if it is missing and the rule says so.
std::optional<Error> Kafka::ensure_topic(kafka::Producer& producer, const TopicShape& shape,
                                         const std::string& name) {
  if (!shape.create) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    if (known_.contains(name)) return std::nullopt;
  }
  bool created = false;
  const auto say = [&](const std::string& text) {
    created = true;
    say_(false, text);
  };
  if (auto error = kafka::create_topics(producer.get(), shape, std::span(&name, 1), most_admin_wait, say))
    return error;
  if (created) producer.look_up(name, most_admin_wait);
  const std::lock_guard lock(mutex_);
  known_.insert(name);
  return std::nullopt;
}

/// Topics are looked at again before the next flight: one may have been deleted.
void Kafka::forget_topics() {
  const std::lock_guard lock(mutex_);
  known_.clear();
}

/// Fences workers with another layout, unless that is done.
std::optional<Error> Kafka::take_shard(const kafka::LaneName& name, std::int64_t epoch,
                                       std::shared_ptr<const kafka::SentByOthers>& others) {
  const std::lock_guard turn(taking_);
  others = sent_by_others();
  if (others) return std::nullopt;
  auto made = producer();
  if (auto* error = std::get_if<Error>(&made)) return std::move(*error);
  auto& plain = *std::get<std::shared_ptr<kafka::Producer>>(made);
  if (auto error = ensure_topic(plain, kafka::positions_shape(), config_.positions)) return error;
  kafka::PositionRecords records;
  if (auto error = kafka::Takeover(config_, abandoned_).take_shard(plain, name, epoch, records)) return error;
  others = std::make_shared<const kafka::SentByOthers>(records, name);
  const std::lock_guard lock(mutex_);
  others_ = others;
  return std::nullopt;
}

std::shared_ptr<const kafka::SentByOthers> Kafka::sent_by_others() {
  const std::lock_guard lock(mutex_);
  return others_;
}

/// The shard is taken again before the next batch.
void Kafka::forget_shard() {
  const std::lock_guard lock(mutex_);
  others_.reset();
  known_.clear();
}

/// How a lane's own producer must put messages together.
kafka::Batching Kafka::batching() {
  const std::lock_guard lock(mutex_);
  return limits_.now();
}

/// Whether the broker refused this message alone, and not a request with other messages.
bool Kafka::refused_alone(const Lane& lane, const kafka::Batching& batching) {
  const std::lock_guard lock(mutex_);
  return limits_.refused(lane.name, batching);
}

void Kafka::committed(const Lane& lane, const kafka::Batching& batching) {
  const std::lock_guard lock(mutex_);
  limits_.committed(lane.name, batching);
}

Outcome Kafka::send(const Batch& batch) {
  Lane& lane = lane_of(batch.guard.lane_id);
  Outcome outcome = exactly_once_ ? Transaction(*this, lane, batch).run() : Attempt(*this, lane, batch).run();
  // An operator can correct the error while the worker runs, so the worker retries.
  if (outcome.error && outcome.error->kind == ErrorKind::fatal) outcome.error->kind = ErrorKind::unavailable;
  return outcome;
}

}  // namespace sluice::sinks
