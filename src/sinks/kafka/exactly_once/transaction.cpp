#include "sinks/kafka/exactly_once/transaction.hpp"

#include <algorithm>
#include <utility>

#include "sinks/kafka/errors.hpp"
#include "sinks/kafka/exactly_once/sent_before.hpp"
#include "sinks/kafka/exactly_once/takeover.hpp"

namespace sluice::sinks {

namespace {

constexpr auto commit_step = std::chrono::milliseconds(100);
constexpr auto abort_wait = std::chrono::seconds(1);

kafka::PlacedMessage placed(const DeliverWrite& write) {
  const Message& message = *write.message;
  return {write.key, message.shard_hash, message.position, message.address, message.id};
}

/// Whether a message failed only because another one of its transaction did.
bool follows_another(kafka::Fate fate) {
  return fate == RD_KAFKA_RESP_ERR__PURGE_QUEUE || fate == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
         fate == RD_KAFKA_RESP_ERR__STATE;
}

}  // namespace

Outcome Kafka::Transaction::run() {
  outcome_.error = own_lane();
  if (!outcome_.error) outcome_.error = find_unsent();
  if (!outcome_.error && !indices_.empty()) fly_whole();
  // Nothing of the lane is under suspicion any more.
  if (!outcome_.error && indices_.empty()) outlet_.committed(lane_, {.one_by_one = true});
  outcome_.committed = !outcome_.error;
  outcome_.documents = done_.size();
  return std::move(outcome_);
}

/// Makes sure that only this worker can write the lane, and that lane_.position says how far it has come.
std::optional<Error> Kafka::Transaction::own_lane() {
  const kafka::Batching batching = outlet_.batching();
  others_ = outlet_.sent_by_others();
  if (others_ && lane_.producer && !lane_.producer->ended() && lane_.producer->batching() == batching)
    return std::nullopt;
  drop();
  const auto name = kafka::LaneName::parse(batch_.guard.lane_id);
  if (!name)
    return Error{ErrorKind::fatal, 0, "'" + batch_.guard.lane_id + "' is no lane that Kafka could fence"};
  if (auto error = outlet_.take_shard(*name, batch_.guard.epoch, others_)) return error;
  auto taken = kafka::Takeover(outlet_.config_, outlet_.abandoned_)
                   .take_lane(*name, batch_.guard.epoch, batching, lane_.position);
  if (auto* error = std::get_if<Error>(&taken)) {
    // The topic of the positions may have been deleted; then it is created anew.
    if (kafka::is_unknown_topic(static_cast<rd_kafka_resp_err_t>(error->code))) outlet_.forget_shard();
    return std::move(*error);
  }
  lane_.producer = std::move(std::get<std::shared_ptr<kafka::Producer>>(taken));
  return std::nullopt;
}

std::optional<Error> Kafka::Transaction::find_unsent() {
  for (std::size_t i = 0; i < batch_.writes.size(); ++i) {
    if (!outlet_.takes(batch_.writes[i])) continue;
    const auto message = placed(std::get<DeliverWrite>(batch_.writes[i]));
    if (kafka::covers(lane_.position, message)) continue;
    const auto before = others_->sent(message);
    if (before == kafka::SentBefore::yes) continue;
    if (before == kafka::SentBefore::unknown) {
      const std::string parts = std::to_string(others_->other_shards());
      return Error{ErrorKind::unavailable, 0,
                   "the stream last ran in " + parts +
                       " parts, which did not end cleanly, and what they published last is not known; run it "
                       "in " +
                       parts + " parts until it has caught up, stop it, and start it with the new number"};
    }
    indices_.push_back(i);
  }
  return std::nullopt;
}

void Kafka::Transaction::fly_whole() {
  producer_ = lane_.producer;
  if (producer_->begin_transaction() != RD_KAFKA_RESP_ERR_NO_ERROR) {
    outcome_.error = producer_->complaint(outlet_.where() + ": a transaction cannot begin");
    return drop();
  }
  lane_.reports.begin(indices_.size() + 1);
  send_all();
  if (!lane_.reports.any_failed() && lane_.reports.sent() == indices_.size()) give_position();
  if (!landed_or_aborted()) {
    outcome_.error = silence();
    if (outlet_.abandoned_) producer_->abort_transaction(commit_step);  // so that consumers need not wait
    return drop();
  }
  std::vector<kafka::Flown> flight;
  for (std::size_t i = 0; i < lane_.reports.messages(); ++i) flight.push_back({i, lane_.reports.fate(i)});
  const auto is_stored = [](const kafka::Flown& one) { return one.fate == kafka::stored; };
  if (std::ranges::all_of(flight, is_stored)) {
    commit();
  } else {
    judge_whole(std::move(flight));
  }
}

/// Waits for the reports of all that was sent. As soon as one message fails, the transaction is aborted,
/// since librdkafka reports the others only then. False if they do not come.
bool Kafka::Transaction::landed_or_aborted() {
  flow::Patience patience(std::chrono::milliseconds(outlet_.config_.ack_ms), flow::Clock::now());
  while (!lane_.reports.wait_until(flow::Clock::now() + commit_step)) {
    if (outlet_.abandoned_) return false;
    if (!aborted_ && (lane_.reports.any_failed() || producer_->ended())) {
      abort();
      patience.again(flow::Clock::now());
    } else if (patience.over(flow::Clock::now(), lane_.reports.answered(), producer_->in_trouble())) {
      outlet_.retire_if_refused(*producer_);
      return false;
    }
  }
  return true;
}

/// The lane's position with the batch. A message that became a dead letter is named, because the dead letter
/// is stored after the transaction.
kafka::PositionRecord Kafka::Transaction::next_position() const {
  kafka::PositionRecord next{batch_.guard.epoch, lane_.position.position, {}, false};
  for (const std::size_t i : indices_) {
    const std::string_view position = std::get<DeliverWrite>(batch_.writes[i]).message->position;
    if (position > next.position) next.position = position;
  }
  for (const Write& write : batch_.writes) {
    const auto* letter = std::get_if<LetterWrite>(&write);
    const auto* refused = letter == nullptr ? nullptr : std::get_if<Deliver>(&(*letter)->effect.body);
    if (refused != nullptr && outlet_.takes(*refused->plan))
      next.refused.push_back(kafka::refused_name(refused->message->address, refused->message->id));
  }
  return next;
}

void Kafka::Transaction::give_position() {
  next_ = next_position();
  next_text_ = next_.text();
  rd_kafka_topic_t* topic = producer_->topic(outlet_.config_.positions);
  if (topic == nullptr) return lane_.reports.not_taken(indices_.size(), RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
  give(indices_.size(), topic, {.key = lane_.name, .value = next_text_, .headers = {}});
}

void Kafka::Transaction::commit() {
  flow::Patience patience(std::chrono::milliseconds(outlet_.config_.ack_ms), flow::Clock::now());
  auto code = producer_->commit_transaction(commit_step);
  while (code == RD_KAFKA_RESP_ERR__TIMED_OUT && !outlet_.abandoned_ &&
         !patience.over(flow::Clock::now(), 0, producer_->in_trouble()))
    code = producer_->commit_transaction(commit_step);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    lane_.position = std::move(next_);
    done_ = indices_;
    return outlet_.committed(lane_, producer_->batching());
  }
  outcome_.error = outlet_.abandoned_
                       ? abandoned_error(outlet_.where())
                       : producer_->complaint(outlet_.where() + " does not commit a transaction");
  if (!producer_->in_trouble()) outcome_.error->kind = ErrorKind::transient;
  drop();
}

/// Finds the error to report for a transaction of which not all messages are stored, and ends it.
void Kafka::Transaction::judge_whole(std::vector<kafka::Flown> flight) {
  const kafka::Fate position = flight.back().fate;
  flight.pop_back();
  kafka::Settled settled = kafka::settle(flight);
  const auto cause = std::ranges::find_if(flight, [](const kafka::Flown& one) {
    return one.fate != kafka::stored && one.fate != kafka::unsent && one.fate != kafka::refused &&
           !follows_another(one.fate);
  });
  if (cause != flight.end()) settled.failed = static_cast<std::size_t>(cause - flight.begin());
  const bool only_position = cause == flight.end() && position != kafka::stored &&
                             position != kafka::unsent && !follows_another(position);
  if (only_position) {
    outcome_.error = failure(position);
    outlet_.forget_shard();  // the topic of the positions may have been deleted
  } else {
    judge(flight, settled);
  }
  if (!aborted_) abort();
  if (unusable_) drop();
}

/// Ends the transaction without its messages, so that the producer can be used again. If that fails, makes
/// librdkafka report them all the same.
void Kafka::Transaction::abort() {
  aborted_ = true;
  unusable_ = producer_->ended() || producer_->abort_transaction(abort_wait) != RD_KAFKA_RESP_ERR_NO_ERROR;
  if (unusable_) producer_->purge();
}

void Kafka::Transaction::drop() {
  producer_.reset();
  lane_.producer.reset();
  lane_.reports.forget();
}

}  // namespace sluice::sinks
