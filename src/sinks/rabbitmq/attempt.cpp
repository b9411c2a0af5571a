#include "sinks/rabbitmq/attempt.hpp"

#include <utility>

#include "flow/patience.hpp"
#include "sinks/payload.hpp"
#include "sinks/rabbitmq/errors.hpp"

namespace sluice::sinks {

namespace {

constexpr std::int32_t rabbit_payload_impossible = 2;
constexpr std::size_t rabbit_window = 1024;  ///< messages of a lane in flight
constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::size_t most_returned = 4096;
constexpr int lost_after = 10;  ///< times ack_ms without a confirmation
/// Right after a broker's start, its streams have no leader yet, and it returns their messages.
constexpr auto queues_appear = std::chrono::seconds(10);
constexpr auto rabbit_wait_step = std::chrono::milliseconds(100);

}  // namespace

Outcome RabbitMq::Attempt::run() {
  if (lane_.flight) land_left();
  if (!outcome_.error) {
    indices_ = lane_.delivered.missing_of(batch_, outlet_);
    if (!indices_.empty() && !report_returned()) fly();
    outcome_.committed = !outcome_.error;
    outcome_.documents = done_.size();
    lane_.delivered.remember(batch_, outlet_, done_, outcome_.committed);
    if (outcome_.committed) lane_.one_by_one = false;
  }
  return std::move(outcome_);
}

/// Waits for the flight that an earlier attempt left. Nothing is sent before it has landed, so that its
/// messages keep their place.
void RabbitMq::Attempt::land_left() {
  rabbitmq::Flight& flight = *lane_.flight;
  const auto sent_of = [this](std::size_t place) {
    const Left& left = lane_.left[place];
    return Sent{left.message.id, left.exchange, left.routing_key};
  };
  const std::size_t confirmed = flight.settled();
  if (!drive(flight, sent_of, false)) {
    outcome_.error = silence(flight.in_flight());
    if (flight.settled() > confirmed || outlet_.abandoned_ || lane_.channel->connection().blocked())
      lane_.confirmed_at = flow::Clock::now();
    if (!send_again()) return;
  }
  for (std::size_t place = 0; place < flight.messages(); ++place) {
    MessageKey& key = lane_.left[place].message;
    if (flight.fate(place) == rabbitmq::Fate::stored) lane_.delivered.know(std::move(key));
    if (flight.fate(place) == rabbitmq::Fate::returned) note_returned(std::move(key), returns_[place]);
  }
  lane_.published = flight.published();
  if (const auto place = flight.first(rabbitmq::Fate::rejected)) {
    const Left& left = lane_.left[*place];
    outcome_.error = rabbitmq::rejected_error(outlet_.where(), left.exchange, left.routing_key);
  }
  if (!outcome_.error) outcome_.error = std::move(unroutable_yet_);
  if (lane_.channel->closed()) lane_.channel.reset();
  returns_.clear();
  lane_.left.clear();
  lane_.flight.reset();
}

/// Whether the left messages have waited long enough. A broker may lose messages without closing the channel,
/// for example while a stream's leader changes. They are sent again on a new channel.
bool RabbitMq::Attempt::send_again() {
  const auto most = lost_after * std::chrono::milliseconds(outlet_.config_.ack_ms);
  if (flow::Clock::now() - lane_.confirmed_at < most) return false;
  outcome_.error->message += "; they are sent again on a new channel";
  lane_.channel->give_up();
  return true;
}

/// No queue took the message. It becomes a dead letter, unless the connection is new.
void RabbitMq::Attempt::note_returned(MessageKey message, const rabbitmq::Return& returned) {
  if (!outlet_.late_ && lane_.channel->connection().age() < queues_appear) {
    unroutable_yet_ = rabbitmq::unroutable_yet_error(outlet_.where(), returned);
  } else {
    lane_.returned.emplace(std::move(message), rabbitmq::unroutable_error(returned));
  }
}

/// Reports one of the messages that no queue took in an earlier attempt.
bool RabbitMq::Attempt::report_returned() {
  if (lane_.returned.empty()) return false;
  for (std::size_t place = 0; place < indices_.size(); ++place) {
    const auto found = lane_.returned.find(MessageKey::view(delivery(place)));
    if (found == lane_.returned.end()) continue;
    outcome_.error = std::move(found->second);
    outcome_.failed_write = indices_[place];
    lane_.returned.erase(found);
    return true;
  }
  if (lane_.returned.size() > most_returned) lane_.returned.clear();  // they are only sent once more
  return false;
}

/// Makes sure that there is a channel, and the exchanges that the rules declare.
std::optional<Error> RabbitMq::Attempt::ready() {
  if (auto error = outlet_.ensure_channel(lane_)) return error;
  const RabbitPlan* last = nullptr;
  std::string_view exchange;
  for (std::size_t place = 0; place < indices_.size(); ++place) {
    const RabbitPlan& one = plan(place);
    const std::string_view address = delivery(place).message->address;
    if (&one == last && address == exchange) continue;
    last = &one;
    exchange = address;
    if (auto error = outlet_.ensure_exchange(*lane_.channel, one, std::string(address))) return error;
  }
  return std::nullopt;
}

void RabbitMq::Attempt::fly() {
  if (auto error = ready()) {
    outcome_.error = std::move(error);
    return;
  }
  std::vector<std::uint64_t> keys;
  keys.reserve(indices_.size());
  for (std::size_t place = 0; place < indices_.size(); ++place) keys.push_back(delivery(place).key);
  rabbitmq::Flight flight(keys, lane_.one_by_one ? 1 : rabbit_window, lane_.published);
  const auto sent_of = [this](std::size_t place) {
    const Message& message = *delivery(place).message;
    return Sent{message.id, message.address, message.key};
  };
  const bool landed = drive(flight, sent_of, true);
  for (std::size_t place = 0; place < indices_.size(); ++place) {
    if (flight.fate(place) == rabbitmq::Fate::stored) done_.push_back(indices_[place]);
  }
  if (!landed) {
    outcome_.error = silence(flight.in_flight());
    if (flight.in_flight() > 0) {
      leave(std::move(flight));
    } else {
      lane_.published = flight.published();
    }
    return;
  }
  lane_.published = flight.published();
  for (const auto& [place, returned] : returns_) {
    if (flight.fate(place) == rabbitmq::Fate::returned) note_returned(MessageKey(delivery(place)), returned);
  }
  if (!flight.whole()) judge(flight);
  if (lane_.channel->closed()) lane_.channel.reset();
}

/// Sends messages if `sends`, and takes in confirmations until the flight has landed or the channel is
/// closed. False if no confirmation comes, or the outlet is abandoned.
template <typename SentOf>
bool RabbitMq::Attempt::drive(rabbitmq::Flight& flight, const SentOf& sent_of, bool sends) {
  rabbitmq::Channel& channel = *lane_.channel;
  flow::Patience patience(std::chrono::milliseconds(outlet_.config_.ack_ms), flow::Clock::now());
  if (!sends) flight.stop();
  while (!flight.landed() && !channel.closed()) {
    const bool blocked = channel.connection().blocked().has_value();
    const bool full = !channel.has_room();
    if (sends && !blocked && !full && !outlet_.abandoned_) send_some(flight);
    if (flight.landed()) break;
    if (!take_in(flight, sent_of, channel.await(flow::Clock::now() + rabbit_wait_step, full && !blocked)))
      break;
    const bool waits = flight.in_flight() > 0 || blocked || full;
    if (outlet_.abandoned_) return flight.landed() || channel.closed();
    if (waits && patience.over(flow::Clock::now(), flight.settled(), blocked))
      return flight.landed() || channel.closed();
  }
  return true;
}

/// Returns false if the broker confirms what was not sent: then the channel is of no use any more.
template <typename SentOf>
bool RabbitMq::Attempt::take_in(rabbitmq::Flight& flight, const SentOf& sent_of, rabbitmq::Inbox inbox) {
  for (rabbitmq::Return& returned : inbox.returns) {
    const auto place = flight.find_in_flight([&](std::size_t one) {
      const Sent sent = sent_of(one);
      return returned.exchange == sent.exchange && returned.routing_key == sent.routing_key &&
             returned.message_id == rabbitmq::message_id_of(sent.id);
    });
    if (!place) continue;
    flight.return_to_sender(*place);
    returns_.insert_or_assign(*place, std::move(returned));
  }
  for (const rabbitmq::Confirm& confirm : inbox.confirms) {
    if (flight.confirm(confirm)) continue;
    lane_.channel->give_up();
    return false;
  }
  return true;
}

/// Sends as much as the flight and the connection have room for.
void RabbitMq::Attempt::send_some(rabbitmq::Flight& flight) {
  rabbitmq::Channel& channel = *lane_.channel;
  while (const auto place = flight.next()) {
    if (!render(*place)) {
      flight.refuse(*place);
      continue;
    }
    flight.sent(*place);
    if (frames_.size() < chunk_bytes) continue;
    if (!channel.send(frames_) || !channel.has_room()) return;
  }
  if (!frames_.empty()) channel.send(frames_);
}

/// Appends the message to frames_. Returns false, with refusal_, if that is not possible.
bool RabbitMq::Attempt::render(std::size_t place) {
  const Message& message = *delivery(place).message;
  const RabbitPlan& how = plan(place);
  std::string_view body = message.text;
  if (message.payload) {
    auto failure = bson::JsonFailure::none;
    const auto rendered = payload_of(message, how.format, text_, &failure);
    if (!rendered) {
      if (!refusal_) {
        refusal_ = Error{ErrorKind::own_fault, rabbit_payload_impossible,
                         std::string(bson::reason_of(failure)) + "; publish this collection as 'bson'"};
      }
      return false;
    }
    body = *rendered;
  }
  const rabbitmq::Channel& channel = *lane_.channel;
  rabbitmq::append_publish(frames_, channel.number(), channel.connection().frame_max(),
                           {.exchange = message.address,
                            .routing_key = message.key,
                            .message_id = rabbitmq::message_id_of(message.id),
                            .content_type = how.content_type,
                            .headers = message.headers,
                            .body = body});
  return true;
}

/// The lane's next attempt waits for this flight first.
void RabbitMq::Attempt::leave(rabbitmq::Flight flight) {
  for (std::size_t place = 0; place < indices_.size(); ++place) {
    const DeliverWrite& write = delivery(place);
    lane_.left.push_back(
        {MessageKey(write), std::string(write.message->address), std::string(write.message->key)});
  }
  lane_.flight.emplace(std::move(flight));
  lane_.confirmed_at = flow::Clock::now();
}

/// Finds the error to report for a flight that has landed, or whose channel is closed, and that is not whole.
void RabbitMq::Attempt::judge(const rabbitmq::Flight& flight) {
  if (flight.in_flight() > 0) return judge_closed(flight);
  if (report_returned()) return;
  if (unroutable_yet_) {
    outcome_.error = std::move(unroutable_yet_);
  } else if (const auto place = flight.first(rabbitmq::Fate::refused)) {
    outcome_.error = std::move(refusal_);
    outcome_.failed_write = indices_[*place];
  } else if (const auto rejected = flight.first(rabbitmq::Fate::rejected)) {
    const Message& message = *delivery(*rejected).message;
    outcome_.error =
        rabbitmq::rejected_error(outlet_.where(), std::string(message.address), std::string(message.key));
  } else {
    outcome_.error = lane_.channel->error();
  }
}

/// The channel is closed, with messages in flight.
void RabbitMq::Attempt::judge_closed(const rabbitmq::Flight& flight) {
  Error error = lane_.channel->error();
  if (error.code == rabbitmq::reply::not_found) outlet_.forget_exchanges();
  if (rabbitmq::refuses_message(static_cast<std::uint16_t>(error.code))) {
    const auto place = flight.find_in_flight([](std::size_t) { return true; });
    if (lane_.one_by_one && place) {
      error.kind = ErrorKind::own_fault;
      outcome_.failed_write = indices_[*place];
    } else {
      error.kind = ErrorKind::transient;  // they are sent again one by one, to find out which it is
    }
    lane_.one_by_one = !lane_.one_by_one;
  }
  outcome_.error = std::move(error);
}

Error RabbitMq::Attempt::silence(std::size_t in_flight) const {
  if (outlet_.abandoned_) return abandoned_error(outlet_.where());
  const std::string waiting =
      in_flight == 0 ? "" : "; " + std::to_string(in_flight) + " messages are in flight";
  if (const auto why = lane_.channel->connection().blocked()) {
    return {ErrorKind::unavailable, 0,
            outlet_.where() + " takes no messages (" + *why +
                "): free its memory or disk space, or raise the limit" + waiting};
  }
  return {ErrorKind::unavailable, 0, outlet_.where() + " does not confirm" + waiting};
}

}  // namespace sluice::sinks
