#include "sinks/kafka/attempt.hpp"

#include <algorithm>
#include <utility>

#include "sinks/kafka/errors.hpp"
#include "sinks/payload.hpp"

namespace sluice::sinks {

namespace {

constexpr std::int32_t kafka_payload_impossible = 2;
constexpr auto wait_step = std::chrono::milliseconds(100);
constexpr auto look_up_wait = std::chrono::seconds(1);

std::vector<kafka::Flown> flown(const kafka::Reports& reports, const auto& key_of) {
  std::vector<kafka::Flown> flight;
  flight.reserve(reports.messages());
  for (std::size_t i = 0; i < reports.messages(); ++i) flight.push_back({key_of(i), reports.fate(i)});
  return flight;
}

rd_kafka_resp_err_t code_of(kafka::Fate fate) {
  return static_cast<rd_kafka_resp_err_t>(fate);
}

}  // namespace

Outcome Kafka::Attempt::run() {
  if (!lane_.left.empty()) land_left();
  if (!outcome_.error) {
    indices_ = lane_.delivered.missing_of(batch_, outlet_);
    if (!indices_.empty()) {
      fly();
    } else {
      outlet_.committed(lane_, {.one_by_one = true});  // nothing of the lane is under suspicion any more
    }
    outcome_.committed = !outcome_.error;
    outcome_.documents = done_.size();
    lane_.delivered.remember(batch_, outlet_, done_, outcome_.committed);
  }
  return std::move(outcome_);
}

/// Waits for the flight that an earlier attempt left. Nothing is sent before it has landed, so that its
/// messages keep their place.
void Kafka::Attempt::land_left() {
  producer_ = lane_.producer;
  if (!landed()) {
    outcome_.error = silence();
    return;
  }
  const auto flight = flown(lane_.reports, [this](std::size_t i) { return lane_.left[i].key; });
  const kafka::Settled settled = kafka::settle(flight);
  for (const std::size_t i : settled.done) lane_.delivered.know(std::move(lane_.left[i].message));
  lane_.left.clear();
  lane_.producer.reset();
  if (settled.failed) outcome_.error = failure(flight[*settled.failed].fate);
}

void Kafka::Attempt::fly() {
  auto made = outlet_.producer();
  if (auto* error = std::get_if<Error>(&made)) {
    outcome_.error = std::move(*error);
    return;
  }
  producer_ = std::move(std::get<std::shared_ptr<kafka::Producer>>(made));
  lane_.reports.begin(indices_.size());
  send_all();
  if (!landed()) {
    leave();
    outcome_.error = silence();
    return;
  }
  const auto flight = flown(lane_.reports, [this](std::size_t i) { return delivery(i).key; });
  const kafka::Settled settled = kafka::settle(flight);
  for (const std::size_t place : settled.done) done_.push_back(indices_[place]);
  if (settled.whole(indices_.size())) return outlet_.committed(lane_, producer_->batching());
  judge(flight, settled);
}

void Kafka::Attempt::send_all() {
  for (std::size_t place = 0; place < indices_.size(); ++place) {
    if (lane_.reports.any_failed() || outlet_.abandoned_ || !send_one(place)) return;
  }
}

/// Returns false if no more can be sent in this attempt.
bool Kafka::Attempt::send_one(std::size_t place) {
  const DeliverWrite& write = delivery(place);
  const Message& message = *write.message;
  rd_kafka_topic_t* topic = topic_of(write);
  if (topic == nullptr) return false;
  kafka::Record record{.key = message.key, .value = message.text, .headers = message.headers};
  if (message.payload) {
    auto failure = bson::JsonFailure::none;
    const auto value =
        payload_of(message, static_cast<const KafkaPlan&>(*write.plan).format, text_, &failure);
    if (!value) {
      refuse(place, {ErrorKind::own_fault, kafka_payload_impossible,
                     std::string(bson::reason_of(failure)) + "; publish this collection as 'bson'"});
      return true;
    }
    record.value = *value;
  }
  return give(place, topic, record);
}

/// Null, with unsendable_, if the topic cannot be used.
rd_kafka_topic_t* Kafka::Attempt::topic_of(const DeliverWrite& write) {
  const auto found = topics_.find(write.message->address);
  if (found != topics_.end()) return found->second;
  const std::string name(write.message->address);
  unsendable_ = outlet_.ensure_topic(*producer_, static_cast<const KafkaPlan&>(*write.plan).shape, name);
  if (unsendable_) return nullptr;
  rd_kafka_topic_t* handle = producer_->topic(name);
  if (handle == nullptr) {
    unsendable_ = kafka::error_of(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, "the topic " + name);
    return nullptr;
  }
  return topics_.emplace(write.message->address, handle).first->second;
}

bool Kafka::Attempt::give(std::size_t place, rd_kafka_topic_t* topic, const kafka::Record& record) {
  kafka::Reports& reports = lane_.reports;
  flow::Patience patience(std::chrono::milliseconds(outlet_.config_.ack_ms), flow::Clock::now());
  while (true) {
    const auto code = producer_->send(topic, record, reports.expect(place));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      reports.not_taken(place, kafka::unsent);
      reports.wait_until(flow::Clock::now() + wait_step);
      if (outlet_.abandoned_ ||
          patience.over(flow::Clock::now(), reports.answered(), producer_->in_trouble()))
        return false;
      continue;
    }
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      refuse(place, {ErrorKind::own_fault, code,
                     "the message has " + std::to_string(record.value.size()) +
                         " bytes, which is more than the property message.max.bytes allows; raise that, or "
                         "redact fields of the rule, and retry"});
      return true;
    }
    reports.not_taken(place, code);
    return false;
  }
}

void Kafka::Attempt::refuse(std::size_t place, Error error) {
  lane_.reports.not_taken(place, kafka::refused);
  if (!refusal_) refusal_ = std::move(error);
}

/// Waits for the reports of all that was sent. False if they do not come.
bool Kafka::Attempt::landed() {
  flow::Patience patience(std::chrono::milliseconds(outlet_.config_.ack_ms), flow::Clock::now());
  bool purged = false;
  while (!lane_.reports.wait_until(flow::Clock::now() + wait_step)) {
    if (outlet_.abandoned_) return false;
    // It sends nothing more. Requests on their way are still answered.
    if (producer_->fatal()) producer_->purge_queue();
    const flow::Time now = flow::Clock::now();
    if (!patience.over(now, lane_.reports.answered(), producer_->in_trouble())) continue;
    outlet_.retire_if_refused(*producer_);
    if (!producer_->ended() || std::exchange(purged, true)) return false;
    producer_->purge();
    patience.again(now);
  }
  return true;
}

/// The lane's next attempt waits for this flight first.
void Kafka::Attempt::leave() {
  lane_.producer = producer_;
  for (std::size_t place = 0; place < indices_.size(); ++place)
    lane_.left.push_back({MessageKey(delivery(place)), delivery(place).key});
}

/// Finds the error to report for a flight that has landed and is not whole.
void Kafka::Attempt::judge(const std::vector<kafka::Flown>& flight, const kafka::Settled& settled) {
  if (const auto place = refused_place(flight)) {
    Error error = kafka::error_of(refusal_of(*place, flight[*place].fate), "the broker refuses the message");
    if (outlet_.refused_alone(lane_, producer_->batching())) {
      error.kind = ErrorKind::own_fault;
      outcome_.failed_write = indices_[*place];
    } else {
      error.kind = ErrorKind::transient;  // the messages are sent again one by one, to find out which it is
    }
    outcome_.error = std::move(error);
  } else if (settled.failed) {
    const kafka::Fate fate = flight[*settled.failed].fate;
    outcome_.error = failure(fate);
    if (kafka::is_unknown_topic(code_of(fate))) {
      outlet_.forget_topics();
      for (const auto& [name, handle] : topics_) producer_->look_up(std::string(name), look_up_wait);
    }
  } else if (unsendable_) {
    outcome_.error = std::move(unsendable_);
  } else if (settled.refused) {
    outcome_.error = std::move(refusal_);
    outcome_.failed_write = indices_[*settled.refused];
  } else {
    outcome_.error = silence();
  }
}

Error Kafka::Attempt::silence() const {
  if (outlet_.abandoned_) return abandoned_error(outlet_.where());
  return producer_->complaint(outlet_.where() + " does not acknowledge: " +
                              std::to_string(lane_.reports.pending()) + " messages wait");
}

Error Kafka::Attempt::failure(kafka::Fate fate) const {
  if (!producer_->ended()) return kafka::error_of(code_of(fate), outlet_.where());
  Error error = producer_->complaint(outlet_.where() + ": the producer failed and is replaced");
  // Usually the next producer succeeds, so the brokers are not reported as down.
  if (!producer_->in_trouble()) error.kind = ErrorKind::transient;
  return error;
}

/// Why a broker refused the content of the request with this message; no error if it did not.
rd_kafka_resp_err_t Kafka::Attempt::refusal_of(std::size_t place, kafka::Fate fate) const {
  const rd_kafka_resp_err_t code = code_of(fate);
  if (code == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE)
    return producer_->refusal(delivery(place).message->address);
  return kafka::refuses_content(code) ? code : RD_KAFKA_RESP_ERR_NO_ERROR;
}

/// The first message of a request that a broker refused for its content.
std::optional<std::size_t> Kafka::Attempt::refused_place(const std::vector<kafka::Flown>& flight) const {
  for (std::size_t place = 0; place < flight.size(); ++place) {
    if (refusal_of(place, flight[place].fate) != RD_KAFKA_RESP_ERR_NO_ERROR) return place;
  }
  return std::nullopt;
}

}  // namespace sluice::sinks
