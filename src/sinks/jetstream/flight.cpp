#include "sinks/jetstream/flight.hpp"

#include <charconv>
#include <utility>

#include "sinks/jetstream/callback.hpp"

namespace sluice::sinks::jetstream {

namespace {

constexpr int most_answers_waiting = 1 << 20;

/// Parses "<flight>.<message>", the part of an answer's subject after the inbox.
bool read_place(std::string_view text, std::uint32_t& flight, std::size_t& index) {
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
  if (status != NATS_OK) return error_of(status, "NATS");
  flights->subscription_ = Subscription(flights->connection_, subscription);
  natsSubscription_SetPendingLimits(subscription, most_answers_waiting, -1);
  flights->complete_ = false;
  status = natsSubscription_SetOnCompleteCB(subscription, on_complete, flights.get());
  if (status != NATS_OK) {  // already closed, so on_complete will not be called
    flights->complete_ = true;
    return error_of(status, "NATS");
  }
  flights->watch_.emplace(*flights->connection_, [self = flights.get()] { self->wake(); });
  return flights;
}

Flights::~Flights() {
  if (subscription_) natsSubscription_Unsubscribe(subscription_.get());
  watch_.reset();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return complete_; });
}

void Flights::begin() {
  losses_ = connection_->losses();
  ++flight_;
  sent_ = 0;
  awaited_ = nobody_waits;
  answers_ = cell(flight_, Fate::unsent);
  reply_ = inbox_ + std::to_string(flight_) + ".";
  prefix_ = reply_.size();
}

const char* Flights::reply_to(std::size_t index) {
  reply_.resize(prefix_);
  reply_ += std::to_string(index);
  return reply_.c_str();
}

Error Flights::lost_meanwhile() {
  return {ErrorKind::unavailable, 0, "the connection to NATS was lost while messages were sent"};
}

std::optional<Error> Flights::send(std::size_t index, natsMsg* message) {
  cells_[index] = cell(flight_, Fate::sent);
  if (auto error = send_unacknowledged(message)) {
    cells_[index] = cell(flight_, Fate::unsent);
    return error;
  }
  sent_ = index + 1;
  return std::nullopt;
}

std::optional<Error> Flights::send_unacknowledged(natsMsg* message) {
  // A message sent now would go over the next connection, and might overtake one that was lost with the last.
  if (connection_->losses() != losses_) return lost_meanwhile();
  const natsStatus status = natsConnection_PublishMsg(connection_->get(), message);
  return status == NATS_OK ? std::nullopt
                           : std::optional(error_of(status, "a message could not be sent to NATS"));
}

void Flights::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

bool Flights::settled(flow::Time deadline, const std::stop_token& stop) {
  const std::stop_callback waking(stop, [this] { wake(); });
  std::unique_lock lock(mutex_);
  awaited_ = sent_;
  const auto all_came = [this] { return (answers_ & UINT32_MAX) == sent_; };
  while (!all_came()) {
    woken_ = false;
    // The connection calls wake() with its mutex locked, so it must not be called with ours locked.
    lock.unlock();
    const bool lost = connection_->losses() != losses_;
    lock.lock();
    if (lost || stop.stop_requested() || all_came()) return true;
    if (!changed_.wait_until(lock, deadline, [&] { return woken_ || all_came(); })) return false;
  }
  return true;
}

/// Reads the fate of each message into `landed`. Answers that arrive later are ignored. Returns the number of
/// messages without an answer.
std::size_t Flights::collect(Landed& landed) {
  std::size_t unanswered = 0;
  for (std::size_t i = 0; i < sent_; ++i) {
    const auto fate = static_cast<Fate>(cells_[i].exchange(cell(flight_, Fate::unsent)) & UINT32_MAX);
    landed.stored.push_back(fate == Fate::stored || fate == Fate::known);
    landed.duplicates += fate == Fate::known ? 1 : 0;
    if (fate == Fate::sent && unanswered++ == 0) landed.failed = i;
  }
  return unanswered;
}

Error Flights::unanswered(std::size_t messages, bool lost) const {
  const std::string complaint = connection_->complaint();
  return {ErrorKind::unavailable, 0,
          (lost ? "the connection to NATS was lost with " : "NATS has not acknowledged ") +
              std::to_string(messages) + (lost ? " messages unacknowledged" : " messages in time") +
              (complaint.empty() ? "" : "; it complained: " + complaint) +
              (mishandled_ ? "; acknowledgements could not be read, possibly for lack of memory" : "")};
}

Landed Flights::land(flow::Time deadline, const std::stop_token& stop) {
  settled(deadline, stop);
  Landed landed;
  const std::size_t missing = collect(landed);
  {
    const std::lock_guard lock(mutex_);
    if (failed_flight_ == flight_ && error_) {
      landed.error = std::exchange(error_, std::nullopt);
      landed.failed = failed_;
    }
  }
  if (missing > 0 && !landed.error) landed.error = unanswered(missing, connection_->losses() != losses_);
  return landed;
}

void Flights::answered(const natsMsg* message) {
  const std::string_view subject = natsMsg_GetSubject(message);
  std::uint32_t flight = 0;
  std::size_t index = 0;
  if (!read_place(subject.substr(inbox_.size()), flight, index) || index >= cells_.size()) return;
  const bool nobody = natsMsg_IsNoResponders(const_cast<natsMsg*>(message));
  const std::string_view text(natsMsg_GetData(message),
                              static_cast<std::size_t>(natsMsg_GetDataLength(message)));
  Answer answer = nobody ? Answer{false, nobody_takes_it()} : read_answer(text);
  const Fate fate = answer.error ? Fate::refused : answer.duplicate ? Fate::known : Fate::stored;
  // Stored before the cell says `refused`, so that whoever reads the cell finds the error.
  if (answer.error) refused(flight, index, std::move(*answer.error));
  Cell awaited = cell(flight, Fate::sent);
  if (cells_[index].compare_exchange_strong(awaited, cell(flight, fate))) count(flight);
}

/// Keeps the flight's first error, but prefers an own_fault: a message that can never be stored is reported
/// rather than one that may be stored later.
void Flights::refused(std::uint32_t flight, std::size_t index, Error error) {
  const std::lock_guard lock(mutex_);
  if (answers_ >> 32 != flight) return;
  const bool first = failed_flight_ != flight || !error_;
  const bool worse = !first && error.kind == ErrorKind::own_fault && error_->kind != ErrorKind::own_fault;
  if (!first && !worse) return;
  failed_flight_ = flight;
  failed_ = index;
  error_ = std::move(error);
}

void Flights::count(std::uint32_t flight) {
  Cell seen = answers_;
  do {
    if (seen >> 32 != flight) return;
  } while (!answers_.compare_exchange_weak(seen, seen + 1));
  if (((seen + 1) & UINT32_MAX) != awaited_) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void Flights::on_answer(natsConnection*, natsSubscription*, natsMsg* message, void* self) noexcept {
  const Msg owned(message);
  auto& flights = *static_cast<Flights*>(self);
  // After an exception the message counts as unanswered, and is sent again.
  in_callback([&] { flights.answered(message); }, [&](const char*) { flights.mishandled_ = true; });
}

void Flights::on_complete(void* self) noexcept {
  auto& flights = *static_cast<Flights*>(self);
  const std::lock_guard lock(flights.mutex_);
  flights.complete_ = true;
  flights.changed_.notify_all();
}

}  // namespace sluice::sinks::jetstream
