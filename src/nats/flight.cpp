#include "nats/flight.hpp"

#include <charconv>

namespace sluice::nats {

namespace {

constexpr int most_answers_waiting = 1 << 20;

/// "<flight>.<message>" behind the inbox.
bool read_place(std::string_view text, std::uint64_t& flight, std::size_t& index) {
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, flight);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.') return false;
  const auto second = std::from_chars(first.ptr + 1, end, index);
  return second.ec == std::errc{} && second.ptr == end;
}

}  // namespace

std::variant<std::unique_ptr<Flights>, Error> Flights::open(std::shared_ptr<Connection> connection) {
  std::unique_ptr<Flights> flights(new Flights(std::move(connection)));  // NOLINT: its maker is private
  natsInbox* made = nullptr;
  natsStatus status = natsInbox_Create(&made);
  const Inbox inbox(made);
  if (status != NATS_OK) return error_of(status, "NATS");
  flights->inbox_ = std::string(made) + ".";
  natsSubscription* subscription = nullptr;
  status = natsConnection_Subscribe(&subscription, flights->connection_->get(),
                                    (flights->inbox_ + ">").c_str(), on_answer, flights.get());
  if (status != NATS_OK) {
    flights->complete_ = true;
    return error_of(status, "NATS");
  }
  flights->subscription_.reset(subscription);
  natsSubscription_SetPendingLimits(subscription, most_answers_waiting, -1);
  natsSubscription_SetOnCompleteCB(subscription, on_complete, flights.get());
  Flights* self = flights.get();
  flights->watch_.emplace(*flights->connection_, [self] {
    const std::lock_guard lock(self->mutex_);
    self->changed_.notify_all();
  });
  return flights;
}

Flights::~Flights() {
  if (subscription_) natsSubscription_Unsubscribe(subscription_.get());
  watch_.reset();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return complete_; });
}

void Flights::begin(std::size_t messages) {
  const std::uint64_t losses = connection_->losses();
  const std::lock_guard lock(mutex_);
  ++flight_;
  losses_ = losses;
  waiting_ = 0;
  sent_.assign(messages, false);
  landed_ = {};
  landed_.stored.assign(messages, false);
  reply_ = inbox_ + std::to_string(flight_) + ".";
  prefix_ = reply_.size();
}

const char* Flights::reply_to(std::size_t index) {
  reply_.resize(prefix_);
  reply_ += std::to_string(index);
  return reply_.c_str();
}

std::optional<Error> Flights::send(std::size_t index, natsMsg* message) {
  {
    const std::lock_guard lock(mutex_);
    sent_[index] = true;
    ++waiting_;
  }
  const natsStatus status = natsConnection_PublishMsg(connection_->get(), message);
  if (status == NATS_OK) return std::nullopt;
  const std::lock_guard lock(mutex_);
  sent_[index] = false;
  --waiting_;
  return error_of(status, "a message could not be sent to NATS");
}

Landed Flights::land(flow::Time deadline) {
  std::unique_lock lock(mutex_);
  bool lost = false;
  const auto over = [&] {
    if (waiting_ == 0) return true;
    // Not with our lock held: the connection calls us with its own.
    lock.unlock();
    lost = connection_->losses() != losses_;
    lock.lock();
    return lost || waiting_ == 0;
  };
  while (!over()) {
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) break;
  }
  ++flight_;  // whatever comes now comes too late
  Landed landed = std::move(landed_);
  if (waiting_ == 0 || landed.error) return landed;
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    if (!sent_[i] || landed.stored[i]) continue;
    landed.failed = i;
    break;
  }
  const std::size_t waiting = waiting_;
  lock.unlock();
  const std::string complaint = connection_->complaint();
  landed.error =
      Error{ErrorKind::unavailable, 0,
            (lost ? "the connection to NATS was lost with " : "NATS has not acknowledged ") +
                std::to_string(waiting) + (lost ? " messages unacknowledged" : " messages in time") +
                (complaint.empty() ? "" : "; it complained: " + complaint)};
  return landed;
}

void Flights::answered(const natsMsg* message) {
  const std::string_view subject = natsMsg_GetSubject(message);
  std::uint64_t flight = 0;
  std::size_t index = 0;
  if (!read_place(subject.substr(inbox_.size()), flight, index)) return;
  const bool nobody = natsMsg_IsNoResponders(const_cast<natsMsg*>(message));
  const std::string_view text(natsMsg_GetData(message),
                              static_cast<std::size_t>(natsMsg_GetDataLength(message)));
  Answer answer = nobody ? Answer{false, nobody_takes_it()} : read_answer(text);
  const std::lock_guard lock(mutex_);
  if (flight != flight_ || index >= sent_.size() || !sent_[index]) return;
  sent_[index] = false;
  --waiting_;
  landed_.stored[index] = !answer.error;
  landed_.duplicates += answer.duplicate ? 1 : 0;
  const bool worse = answer.error && (!landed_.error || (answer.error->kind == ErrorKind::own_fault &&
                                                         landed_.error->kind != ErrorKind::own_fault));
  if (worse) {
    landed_.error = std::move(answer.error);
    landed_.failed = index;
  }
  if (waiting_ == 0) changed_.notify_all();
}

void Flights::on_answer(natsConnection*, natsSubscription*, natsMsg* message, void* self) {
  const Msg owned(message);
  static_cast<Flights*>(self)->answered(message);
}

void Flights::on_complete(void* self) {
  auto& flights = *static_cast<Flights*>(self);
  const std::lock_guard lock(flights.mutex_);
  flights.complete_ = true;
  flights.changed_.notify_all();
}

}  // namespace sluice::nats
