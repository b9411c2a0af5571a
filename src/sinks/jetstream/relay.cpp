#include "sinks/jetstream/relay.hpp"

#include <charconv>

#include "sinks/jetstream/relay_reader.hpp"
#include "sinks/jetstream/streams.hpp"

namespace sluice::sinks::jetstream {

namespace {

constexpr const char* id_header = "Nats-Msg-Id";
constexpr std::size_t room_for_relay_headers = 1024;
constexpr std::int64_t relay_window_ms = 2000;  // sequences make it exact; ids need not be kept for longer
constexpr std::int64_t relay_ms_in_hour = 3'600'000;

std::string_view header_of(natsMsg* message, const char* name) {
  const char* value = nullptr;
  return natsMsgHeader_Get(message, name, &value) == NATS_OK && value != nullptr ? value : std::string_view{};
}

/// A record as it is published.
struct Publication {
  std::string subject;
  std::string id;
  std::string last_id;        ///< id of the message before it; "" for the first
  std::string last_sequence;  ///< of the log, before it
  std::string header;
  std::string body;
};

/// Each message says which sequence and, but for the first, which message it has to follow. So if the last
/// one is stored, all before it are, and only the last one before a flush() is acknowledged. That spares the
/// server and this process a third message for each event.
///
/// An earlier writer, whose messages may still arrive, makes the same ids. One of its messages could take the
/// place of a message unnoticed, as long as it matches the log's end. So each message is acknowledged until
/// more are stored than an earlier writer can have under way.
class Appender : public RelayAppender {
 public:
  Appender(std::unique_ptr<Flights> flights, std::string stream)
      : flights_(std::move(flights)), stream_(std::move(stream)) {}

  std::size_t most_bytes() const override {
    return flights_->connection().max_payload() - 2 * room_for_relay_headers;
  }

  void begin() override {
    flights_->begin();
    only_last_ = stored_ >= most_records;
    held_ = false;
    records_ = acknowledged_ = 0;
  }

  std::optional<Error> append(int partition, std::string_view id, const RelayHeader& header,
                              std::span<const std::uint8_t> body, std::uint64_t last_sequence) override {
    if (held_) {
      if (auto error = publish(false)) return error;
    }
    next_.subject = stream_ + "." + std::to_string(partition);
    next_.last_id.swap(next_.id);
    next_.id = id;
    next_.header = header.text();
    next_.last_sequence = std::to_string(last_sequence);
    next_.body.assign(reinterpret_cast<const char*>(body.data()), body.size());
    ++records_;
    held_ = only_last_;
    return held_ ? std::nullopt : publish(true);
  }

  std::optional<Error> flush() override { return std::exchange(held_, false) ? publish(true) : std::nullopt; }

  bool settled(std::chrono::milliseconds within, const std::stop_token& stop) override {
    return flights_->settled(flow::Clock::now() + within, stop);
  }

  std::optional<Error> land(std::chrono::milliseconds within, const std::stop_token& stop) override {
    if (auto error = flush()) return error;
    Landed landed = flights_->land(flow::Clock::now() + within, stop);
    if (landed.error && landed.error->kind == ErrorKind::own_fault)
      landed.error->kind = ErrorKind::unavailable;
    if (!landed.error && landed.duplicates > 0) {
      return Error{ErrorKind::unavailable, 0, "a message of the relay was in its JetStream stream already"};
    }
    stored_ += records_;
    if (landed.error && only_last_ && follows_nothing(landed.error->code)) {
      landed.error->message =
          "one of many records was not stored in the JetStream stream; the next try tells why";
    }
    return std::move(landed.error);
  }

 private:
  static bool follows_nothing(std::int32_t code) {
    return code == wrong_last_id_code || code == wrong_last_sequence_code;
  }

  std::optional<Error> publish(bool acknowledged) {
    natsMsg* made = nullptr;
    natsStatus status = natsMsg_Create(&made, next_.subject.c_str(),
                                       acknowledged ? flights_->reply_to(acknowledged_) : nullptr,
                                       next_.body.data(), static_cast<int>(next_.body.size()));
    const Msg message(made);
    const auto set = [&](const char* name, const std::string& value) {
      if (status == NATS_OK) status = natsMsgHeader_Set(made, name, value.c_str());
    };
    set(id_header, next_.id);
    set("Nats-Expected-Last-Sequence", next_.last_sequence);
    if (!next_.last_id.empty()) set("Nats-Expected-Last-Msg-Id", next_.last_id);
    set(relay_header, next_.header);
    if (status != NATS_OK) return error_of(status, "a message could not be made");
    return acknowledged ? flights_->send(acknowledged_++, made) : flights_->send_unacknowledged(made);
  }

  std::unique_ptr<Flights> flights_;
  const std::string stream_;
  Publication next_;
  bool held_ = false;             ///< next_ is not published yet
  bool only_last_ = false;        ///< in this flight only the last message is acknowledged
  std::size_t records_ = 0;       ///< of this flight
  std::size_t acknowledged_ = 0;  ///< how many of these have an acknowledgement to wait for
  std::size_t stored_ = 0;        ///< since the appender was made, without an error
};

}  // namespace

StreamShape relay_shape(const RelayConfig& config, const StreamConfig& stream) {
  StreamShape shape;
  shape.name = relay_log_name(config.stream, stream);
  shape.subjects = shape.needed = {shape.name + ".*"};
  shape.discard_new = true;  // full, it refuses what is new: what partitions have not read yet stays
  shape.duplicate_window_ms = relay_window_ms;
  shape.max_age_ms = config.max_age_h * relay_ms_in_hour;
  shape.max_bytes = config.max_mb << 20;
  shape.replicas = config.replicas;
  return shape;
}

std::optional<RelayRecord> relay_record_of(natsMsg* message) {
  const auto header = RelayHeader::parse(header_of(message, relay_header));
  const std::string_view subject = natsMsg_GetSubject(message);
  RelayRecord record;
  const auto dot = subject.rfind('.');
  const char* end = subject.data() + subject.size();
  if (!header || dot == std::string_view::npos ||
      std::from_chars(subject.data() + dot + 1, end, record.partition).ptr != end) {
    return std::nullopt;
  }
  record.header = *header;
  record.id = header_of(message, id_header);
  record.body.assign(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)));
  return record;
}

Error no_relay_record(const std::string& name, std::uint64_t sequence) {
  return {ErrorKind::fatal, 0,
          "message " + std::to_string(sequence) + " in " + name +
              " was not written by Sluice; give the relay a JetStream stream of its own"};
}

JetStreamRelay::JetStreamRelay(NatsConfig nats, StreamShape shape,
                               std::function<void(const std::string&)> say)
    : nats_(std::move(nats)),
      shape_(std::move(shape)),
      name_("the relay's JetStream stream " + shape_.name),
      say_(std::move(say)) {}

JetStreamRelay::Opened JetStreamRelay::connection() {
  const std::lock_guard lock(mutex_);
  if (connection_ && !connection_->closed()) {
    if (connection_->up()) return connection_;
    return Error{ErrorKind::unavailable, 0,
                 name_ + " cannot be reached: no connection to NATS at " + nats_.shown_url()};
  }
  connection_.reset();
  auto opened = Connection::open(nats_);
  if (auto* made = std::get_if<std::shared_ptr<Connection>>(&opened)) connection_ = *made;
  return opened;
}

std::optional<Error> JetStreamRelay::check(bool& there) {
  there = false;
  auto opened = connection();
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  return look_at_stream(
      *std::get<std::shared_ptr<Connection>>(opened), shape_, [](const auto&) {}, there);
}

std::optional<Error> JetStreamRelay::prepare() {
  auto opened = connection();
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  return ensure_stream(*std::get<std::shared_ptr<Connection>>(opened), shape_, say_);
}

namespace {

/// A JetStream context of a connection.
struct Context {
  explicit Context(const std::shared_ptr<Connection>& to) : connection(to) {
    jsCtx* made = nullptr;
    status = natsConnection_JetStream(&made, connection->get(), nullptr);
    js.reset(made);
  }
  std::shared_ptr<Connection> connection;
  JetStreamContext js;
  natsStatus status = NATS_OK;
};

}  // namespace

std::optional<Error> JetStreamRelay::look(RelayState& state) {
  std::uint64_t first = 0;
  return look(state, first);
}

std::optional<Error> JetStreamRelay::span(int partition, RelaySpan& span) {
  RelayState state;
  span.newest.reset();
  if (auto error = look(state, span.first)) return error;
  return state.records == 0 ? std::nullopt : get(partition, state.last, span.newest);
}

std::optional<Error> JetStreamRelay::look(RelayState& state, std::uint64_t& first) {
  auto opened = connection();
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  const Context context(std::get<std::shared_ptr<Connection>>(opened));
  jsStreamInfo* found = nullptr;
  jsErrCode code{};
  natsStatus status = context.status;
  if (status == NATS_OK)
    status = js_GetStreamInfo(&found, context.js.get(), shape_.name.c_str(), nullptr, &code);
  const StreamInfo info(found);
  if (status == NATS_NOT_FOUND || code == JSStreamNotFoundErr) {
    return Error{ErrorKind::unavailable, 0, name_ + " does not exist (yet)"};
  }
  if (status != NATS_OK) return error_of(status, name_ + " cannot be read");
  state = {info->State.LastSeq, info->State.Msgs, info->State.Bytes};
  first = info->State.FirstSeq;
  return std::nullopt;
}

std::optional<Error> JetStreamRelay::read_record(natsMsg* message, natsStatus status, int code,
                                                 std::optional<RelayRecord>& record) const {
  const Msg owned(message);
  record.reset();
  if (status == NATS_NOT_FOUND && code != static_cast<int>(JSStreamNotFoundErr)) return std::nullopt;
  if (status != NATS_OK) return error_of(status, name_ + " cannot be read");
  record = relay_record_of(message);
  if (!record) return no_relay_record(name_, natsMsg_GetSequence(message));
  record->sequence = record->place = natsMsg_GetSequence(message);
  return std::nullopt;
}

std::optional<Error> JetStreamRelay::get(int, std::uint64_t place, std::optional<RelayRecord>& record) {
  auto opened = connection();
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  const Context context(std::get<std::shared_ptr<Connection>>(opened));
  natsMsg* got = nullptr;
  jsErrCode code{};
  natsStatus status = context.status;
  if (status == NATS_OK)
    status = js_GetMsg(&got, context.js.get(), shape_.name.c_str(), place, nullptr, &code);
  return read_record(got, status, static_cast<int>(code), record);
}

std::optional<Error> JetStreamRelay::last_of(int partition, std::optional<RelayRecord>& record) {
  auto opened = connection();
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  const Context context(std::get<std::shared_ptr<Connection>>(opened));
  natsMsg* got = nullptr;
  jsErrCode code{};
  natsStatus status = context.status;
  if (status == NATS_OK) {
    status = js_GetLastMsg(&got, context.js.get(), shape_.name.c_str(), subject(partition).c_str(), nullptr,
                           &code);
  }
  return read_record(got, status, static_cast<int>(code), record);
}

std::optional<Error> JetStreamRelay::read(int partition, std::uint64_t from,
                                          std::unique_ptr<RelayReader>& reader) {
  auto opened = connection();
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  return open_relay_reader(std::get<std::shared_ptr<Connection>>(opened), shape_.name, subject(partition),
                           from, name_, reader);
}

std::optional<Error> JetStreamRelay::write(std::unique_ptr<RelayAppender>& appender) {
  auto opened = connection();
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  auto flights = Flights::open(std::get<std::shared_ptr<Connection>>(opened));
  if (auto* error = std::get_if<Error>(&flights)) return std::move(*error);
  appender = std::make_unique<Appender>(std::move(std::get<std::unique_ptr<Flights>>(flights)), shape_.name);
  return std::nullopt;
}

}  // namespace sluice::sinks::jetstream
