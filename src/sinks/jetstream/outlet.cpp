#include "sinks/jetstream/outlet.hpp"

#include <algorithm>

#include "sinks/jetstream/streams.hpp"
#include "sinks/payload.hpp"

namespace sluice::sinks {

namespace {

constexpr std::int32_t payload_too_large = 1;
constexpr std::int32_t payload_impossible = 2;
constexpr std::size_t room_for_headers = 512;  // max_payload includes the headers

/// Adds the subjects `more` to `all`. Leaves out subjects that another one covers.
void add_subjects(std::vector<std::string>& all, const std::vector<std::string>& more) {
  for (const std::string& subject : more) {
    const auto covers_it = [&](const auto& one) { return sinks::jetstream::covers(one, subject); };
    if (std::ranges::any_of(all, covers_it)) continue;
    std::erase_if(all, [&](const auto& one) { return sinks::jetstream::covers(subject, one); });
    all.push_back(subject);
  }
}

/// Merges the rules' shapes into one for each stream, with the subjects of all its rules.
std::vector<StreamShape> merge_shapes(const std::vector<const PublishPlan*>& plans) {
  std::vector<StreamShape> shapes;
  for (const PublishPlan* plan : plans) {
    const auto found = std::ranges::find(shapes, plan->stream.name, &StreamShape::name);
    if (found == shapes.end()) {
      shapes.push_back(plan->stream);
      continue;
    }
    add_subjects(found->subjects, plan->stream.subjects);
    add_subjects(found->needed, plan->stream.needed);
  }
  return shapes;
}

const DeliverWrite& delivery(const Batch& batch, std::size_t i) {
  return std::get<DeliverWrite>(batch.writes[i]);
}

const PublishPlan& plan_of(const Batch& batch, std::size_t i) {
  return static_cast<const PublishPlan&>(*delivery(batch, i).plan);
}

/// Renders messages and sends them. Reuses its buffers.
class Sender {
 public:
  explicit Sender(sinks::jetstream::Flights& flights)
      : flights_(flights), most_(flights.connection().max_payload()) {}

  /// `behind`: the id of the message that must be the stream's last; "" for any.
  /// Returns ErrorKind::own_fault if this message can never be sent.
  std::optional<Error> send(std::size_t index, const DeliverWrite& write, std::string_view behind) {
    const Message& from = *write.message;
    const auto& plan = static_cast<const PublishPlan&>(*write.plan);
    auto failure = bson::JsonFailure::none;
    const auto payload = payload_of(from, plan.format, payload_, &failure);
    if (!payload) {
      return Error{ErrorKind::own_fault, payload_impossible,
                   std::string(bson::reason_of(failure)) + "; publish this collection as 'bson'"};
    }
    if (payload->size() + from.id.size() + from.headers.size() + behind.size() + room_for_headers > most_)
      return too_large(payload->size());
    natsMsg* made = nullptr;
    subject_.assign(from.address);
    const natsStatus status = natsMsg_Create(&made, subject_.c_str(), flights_.reply_to(index),
                                             payload->data(), static_cast<int>(payload->size()));
    const sinks::jetstream::Msg message(made);
    if (status != NATS_OK) return sinks::jetstream::error_of(status, "a message could not be made");
    if (auto error = add_headers(made, from, plan.stream.name, behind)) return error;
    return flights_.send(index, made);
  }

 private:
  Error too_large(std::size_t bytes) const {
    return {ErrorKind::own_fault, payload_too_large,
            "the message has " + std::to_string(bytes) +
                " bytes and does not fit the server's max_payload of " + std::to_string(most_) +
                "; raise that, or redact fields of the rule, and retry"};
  }

  natsStatus set(natsMsg* message, std::string_view name, std::string_view value) {
    name_.assign(name);
    value_.assign(value);
    return natsMsgHeader_Set(message, name_.c_str(), value_.c_str());
  }

  std::optional<Error> add_headers(natsMsg* message, const Message& from, const std::string& stream,
                                   std::string_view behind) {
    natsStatus status = set(message, "Nats-Msg-Id", from.id);
    if (status == NATS_OK) status = set(message, "Nats-Expected-Stream", stream);
    if (status == NATS_OK && !behind.empty()) status = set(message, "Nats-Expected-Last-Msg-Id", behind);
    std::string_view lines = from.headers;
    while (status == NATS_OK && !lines.empty()) {
      const auto end = lines.find('\n');
      const std::string_view line = lines.substr(0, end);
      const auto colon = line.find(": ");
      status = set(message, line.substr(0, colon), line.substr(colon + 2));
      lines = end == std::string_view::npos ? std::string_view{} : lines.substr(end + 1);
    }
    if (status != NATS_OK) return sinks::jetstream::error_of(status, "a message's headers could not be made");
    return std::nullopt;
  }

  sinks::jetstream::Flights& flights_;
  const std::size_t most_;
  std::string payload_;
  std::string subject_;
  std::string name_;
  std::string value_;
};

}  // namespace

JetStream::JetStream(const OutletParts& parts)
    : config_(parts.config.nats),
      say_(parts.say),
      duplicates_(parts.duplicates),
      shapes_(merge_shapes(plans_of<PublishPlan>(parts))) {}

std::variant<std::shared_ptr<sinks::jetstream::Connection>, Error> JetStream::connection() {
  if (stop_.stop_requested()) return abandoned_error(where());
  if (connection_ && !connection_->closed()) {
    if (connection_->up()) return connection_;
    return Error{ErrorKind::unavailable, 0, where() + " cannot be reached; is nats-server running there"};
  }
  idle_.clear();
  connection_.reset();
  auto opened = sinks::jetstream::Connection::open(config_);
  if (const auto* made = std::get_if<std::shared_ptr<sinks::jetstream::Connection>>(&opened)) {
    connection_ = *made;
    streams_checked_ = false;
  }
  return opened;
}

std::optional<Error> JetStream::ensure_streams(const sinks::jetstream::Connection& connection) {
  if (streams_checked_) return std::nullopt;
  for (const StreamShape& shape : shapes_) {
    const auto say = [this](const std::string& text) { say_(false, text); };
    if (auto error = sinks::jetstream::ensure_stream(connection, shape, say)) return error;
  }
  streams_checked_ = true;
  return std::nullopt;
}

std::optional<Error> JetStream::prepare() {
  const std::lock_guard lock(mutex_);
  auto connected = connection();
  if (auto* error = std::get_if<Error>(&connected)) return std::move(*error);
  return ensure_streams(*std::get<std::shared_ptr<sinks::jetstream::Connection>>(connected));
}

std::variant<std::unique_ptr<sinks::jetstream::Flights>, Error> JetStream::take_flights() {
  const std::lock_guard lock(mutex_);
  auto connected = connection();
  if (auto* error = std::get_if<Error>(&connected)) return std::move(*error);
  const auto& connection = std::get<std::shared_ptr<sinks::jetstream::Connection>>(connected);
  if (auto error = ensure_streams(*connection)) return *error;
  if (idle_.empty()) return sinks::jetstream::Flights::open(connection);
  auto flights = std::move(idle_.back());
  idle_.pop_back();
  return flights;
}

void JetStream::give_back(std::unique_ptr<sinks::jetstream::Flights> flights) {
  const std::lock_guard lock(mutex_);
  if (&flights->connection() == connection_.get()) idle_.push_back(std::move(flights));
}

Delivered& JetStream::delivered_by(const std::string& lane) {
  const std::lock_guard lock(mutex_);
  return delivered_[lane];
}

/// After `unavailable`, the streams are checked again before the next batch: they may have been changed.
void JetStream::on_failure(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (error.kind == ErrorKind::unavailable) streams_checked_ = false;
}

std::size_t JetStream::bytes_while_sending(const Batch& batch) const {
  std::size_t most = 0;
  for (const Write& write : batch.writes) {
    if (Outlet::takes(write)) most = std::max(most, bytes_of(write));
  }
  return most * copies_while_sending;
}

Outcome JetStream::send(const Batch& batch) {
  Delivered& delivered = delivered_by(batch.guard.lane_id);
  Outcome outcome;
  auto taken = take_flights();
  if (auto* error = std::get_if<Error>(&taken)) {
    outcome.error = std::move(*error);
  } else {
    auto& flights = std::get<std::unique_ptr<sinks::jetstream::Flights>>(taken);
    outcome = send_by(*flights, batch, delivered);
    give_back(std::move(flights));
  }
  if (outcome.error) {
    // An operator can correct the error while the worker runs, so the worker retries.
    if (outcome.error->kind == ErrorKind::fatal) outcome.error->kind = ErrorKind::unavailable;
    on_failure(*outcome.error);
  }
  return outcome;
}

/// Sends the batch's writes at `indices` in one flight. Appends the indices of those that the server stored
/// to `stored`. With an error, sets `failed` to the index of the write that failed.
std::optional<Error> JetStream::send_flight(sinks::jetstream::Flights& flights, const Batch& batch,
                                            std::span<const std::size_t> indices, Order order,
                                            std::vector<std::size_t>& stored, std::size_t& failed) {
  Sender sender(flights);
  std::optional<Error> unsent;
  std::size_t unsent_at = 0;
  flights.begin();
  for (std::size_t i = 0; i < indices.size() && !unsent; ++i) {
    const bool follows = i > 0 && order == Order::chained;
    unsent = sender.send(i, delivery(batch, indices[i]),
                         follows ? delivery(batch, indices[i - 1]).message->id : std::string_view{});
    unsent_at = i;
  }
  sinks::jetstream::Landed landed =
      flights.land(flow::Clock::now() + std::chrono::milliseconds(config_.ack_ms), stop_.get_token());
  if (landed.duplicates > 0) duplicates_(landed.duplicates);
  for (std::size_t i = 0; i < landed.stored.size(); ++i) {
    if (landed.stored[i]) stored.push_back(indices[i]);
  }
  if (unsent && (!landed.error || unsent->kind == ErrorKind::own_fault)) {
    failed = indices[unsent_at];
    return unsent;
  }
  if (landed.error) failed = indices[landed.failed];
  const bool abandoned = landed.error && stop_.stop_requested();
  if (abandoned && landed.error->kind == ErrorKind::unavailable) return abandoned_error(where());
  return landed.error;
}

std::optional<Error> JetStream::send_wave(sinks::jetstream::Flights& flights, const Batch& batch,
                                          std::span<const std::size_t> wave, std::vector<std::size_t>& stored,
                                          std::size_t& failed) {
  std::optional<Error> error;
  for (auto rest = wave; !rest.empty() && !error;) {
    const auto now = rest.first(std::min(rest.size(), sinks::jetstream::Flights::most_messages));
    error = send_flight(flights, batch, now, Order::any, stored, failed);
    rest = rest.subspan(now.size());
  }
  return error;
}

std::size_t JetStream::flight_size(const std::string& stream) {
  const std::lock_guard lock(mutex_);
  return flight_sizes_.try_emplace(stream, sinks::jetstream::Flights::most_messages).first->second.now();
}

void JetStream::learn_flight_size(const std::string& stream, bool came_through, std::size_t stored) {
  const std::lock_guard lock(mutex_);
  flow::FlightSize& size =
      flight_sizes_.try_emplace(stream, sinks::jetstream::Flights::most_messages).first->second;
  came_through ? size.came_through() : size.interrupted(stored);
}

/// Sends messages of one stream in their order. The server accepts each message only directly after the one
/// before it, so no message overtakes one that was refused or lost. If another publisher's message comes in
/// between, the rest is sent again in a new flight, whose first message may follow any message.
std::optional<Error> JetStream::send_in_order(sinks::jetstream::Flights& flights, const Batch& batch,
                                              std::span<const std::size_t> indices,
                                              std::vector<std::size_t>& stored, std::size_t& failed) {
  const std::string& stream = plan_of(batch, indices.front()).stream.name;
  std::vector<std::size_t> all(indices.begin(), indices.end());
  for (auto rest = std::span(all); !rest.empty();) {
    const auto now = rest.first(std::min(rest.size(), flight_size(stream)));
    std::vector<std::size_t> done;
    const auto error = send_flight(flights, batch, now, Order::chained, done, failed);
    stored.insert(stored.end(), done.begin(), done.end());
    const bool interrupted = error && error->code == sinks::jetstream::wrong_last_id_code && !done.empty();
    if (error && !interrupted) return error;
    learn_flight_size(stream, !error, done.size());
    // Those that are done go to the front. What is behind the flight stays where it is, however short it is.
    const auto open = std::ranges::stable_partition(
        now, [&](std::size_t i) { return std::ranges::binary_search(done, i); });
    rest = rest.last(rest.size() - (now.size() - open.size()));
  }
  return std::nullopt;
}

std::optional<Error> JetStream::send_by_document(sinks::jetstream::Flights& flights, const Batch& batch,
                                                 std::span<const std::size_t> indices,
                                                 std::vector<std::size_t>& stored, std::size_t& failed) {
  std::vector<std::uint64_t> keys;
  for (const std::size_t i : indices) keys.push_back(delivery(batch, i).key);
  flow::InFlightWindow waves;
  for (auto wave : waves.arrange(keys)) {
    for (std::size_t& place : wave) place = indices[place];
    if (auto error = send_wave(flights, batch, wave, stored, failed)) return error;
  }
  return std::nullopt;
}

Outcome JetStream::send_by(sinks::jetstream::Flights& flights, const Batch& batch, Delivered& delivered) {
  std::map<std::string_view, std::vector<std::size_t>> ordered;  // by stream
  std::vector<std::size_t> others;
  for (const std::size_t i : delivered.missing_of(batch, *this)) {
    const PublishPlan& plan = plan_of(batch, i);
    (plan.in_order ? ordered[plan.stream.name] : others).push_back(i);
  }
  Outcome outcome;
  std::vector<std::size_t> stored;
  std::size_t failed = 0;
  for (const auto& [stream, indices] : ordered) {
    if (!outcome.error) outcome.error = send_in_order(flights, batch, indices, stored, failed);
  }
  if (!outcome.error) outcome.error = send_by_document(flights, batch, others, stored, failed);
  if (outcome.error) outcome.failed_write = failed;
  outcome.documents = stored.size();
  outcome.committed = !outcome.error;
  delivered.remember(batch, *this, stored, outcome.committed);
  return outcome;
}

}  // namespace sluice::sinks
