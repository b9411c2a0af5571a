#include "sinks/jetstream/relay_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bson/destroyer.hpp"
#include "flow/time.hpp"
#include "sinks/jetstream/answer.hpp"

namespace sluice::sinks::jetstream {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t ns_in_relay_ms = 1'000'000;
constexpr auto request_open_for = milliseconds(5000);
constexpr auto grace_of_request = milliseconds(3000);
constexpr std::int64_t kept_idle_ms = 30'000;  // by the server, should we not delete it
constexpr std::size_t least_requested = 256;
constexpr std::size_t most_requested_bytes = 2 << 20;

using ConsumerInfo = std::unique_ptr<jsConsumerInfo, Destroyer<jsConsumerInfo_Destroy>>;
using MetaData = std::unique_ptr<jsMsgMetaData, Destroyer<jsMsgMetaData_Destroy>>;

class PullReader : public RelayReader {
 public:
  PullReader(std::shared_ptr<Connection> connection, std::string stream, std::string name)
      : connection_(std::move(connection)), stream_(std::move(stream)), name_(std::move(name)) {}

  ~PullReader() override {
    if (consumer_.empty() || !connection_->up()) return;
    // Without waiting for the answer: the server drops an idle consumer by itself.
    const std::string subject = fmt::format("$JS.API.CONSUMER.DELETE.{}.{}", stream_, consumer_);
    natsConnection_PublishString(connection_->get(), subject.c_str(), "");
  }

  std::optional<Error> open(const std::string& subject, std::uint64_t from) {
    losses_ = connection_->losses();
    natsInbox* made = nullptr;
    natsStatus status = natsInbox_Create(&made);
    const Inbox inbox(made);
    if (status != NATS_OK) return failed(status);
    inbox_ = made;
    natsSubscription* subscription = nullptr;
    status = natsConnection_SubscribeSync(&subscription, connection_->get(), made);
    subscription_ = Subscription(connection_, subscription);
    if (status == NATS_OK) status = natsSubscription_SetPendingLimits(subscription, -1, -1);
    if (status != NATS_OK) return failed(status);
    return create_consumer(subject, from);
  }

  std::optional<Error> next(std::vector<RelayRecord>& records, std::size_t most, std::size_t bytes,
                            milliseconds wait) override {
    const flow::Time until = flow::Clock::now() + wait;
    std::size_t taken = 0;
    while (records.size() < most && taken < bytes) {
      if (connection_->losses() != losses_) return lost();
      if (wanted_ == 0) {
        if (auto error = request(std::max(most, least_requested))) return error;
      }
      const auto left = std::chrono::ceil<milliseconds>(until - flow::Clock::now());
      const bool any = !records.empty();
      natsMsg* got = nullptr;
      const natsStatus status = natsSubscription_NextMsg(&got, subscription_.get(),
                                                         any ? 0 : std::max<std::int64_t>(1, left.count()));
      const Msg message(got);
      if (status == NATS_TIMEOUT) {
        if (flow::Clock::now() > asked_ + request_open_for + grace_of_request) return silent();
        return std::nullopt;
      }
      if (status != NATS_OK) return failed(status);
      if (auto error = take(got, records)) return error;
      if (!records.empty()) taken += records.back().body.size();
      if (records.empty() && left.count() <= 0) return std::nullopt;
    }
    return std::nullopt;
  }

  std::uint64_t unread() const override { return unread_; }

 private:
  std::optional<Error> create_consumer(const std::string& subject, std::uint64_t from) {
    jsCtx* made = nullptr;
    natsStatus status = natsConnection_JetStream(&made, connection_->get(), nullptr);
    const JetStreamContext js(made);
    if (status != NATS_OK) return failed(status);
    jsConsumerConfig config;
    jsConsumerConfig_Init(&config);
    config.DeliverPolicy = js_DeliverByStartSequence;
    config.OptStartSeq = from;
    config.AckPolicy = js_AckNone;
    config.FilterSubject = subject.c_str();
    config.InactiveThreshold = kept_idle_ms * ns_in_relay_ms;
    config.MemoryStorage = true;
    config.Replicas = 1;
    jsConsumerInfo* found = nullptr;
    jsErrCode code{};
    status = js_AddConsumer(&found, js.get(), stream_.c_str(), &config, nullptr, &code);
    const ConsumerInfo info(found);
    if (status != NATS_OK) return failed(status);
    consumer_ = info->Name;
    unread_ = info->NumPending;
    next_ = fmt::format("$JS.API.CONSUMER.MSG.NEXT.{}.{}", stream_, consumer_);
    return std::nullopt;
  }

  std::optional<Error> request(std::size_t most) {
    wanted_ = most;
    const std::size_t bytes = std::max(most_requested_bytes, connection_->max_payload() + 4096);
    const std::string text = fmt::format(R"({{"batch":{},"max_bytes":{},"expires":{}}})", wanted_, bytes,
                                         request_open_for.count() * ns_in_relay_ms);
    asked_ = flow::Clock::now();
    const natsStatus status =
        natsConnection_PublishRequestString(connection_->get(), next_.c_str(), inbox_.c_str(), text.c_str());
    return status == NATS_OK ? std::nullopt : std::optional(failed(status));
  }

  /// A message, or the end of the request.
  std::optional<Error> take(natsMsg* message, std::vector<RelayRecord>& records) {
    if (natsMsg_IsNoResponders(message)) return gone("the server no longer knows our consumer");
    const char* text = nullptr;
    if (natsMsgHeader_Get(message, "Status", &text) == NATS_OK && text != nullptr)
      return ended(message, text);
    jsMsgMetaData* made = nullptr;
    const natsStatus status = natsMsg_GetMetaData(&made, message);
    const MetaData place(made);
    if (status != NATS_OK) return failed(status);
    auto record = relay_record_of(message);
    if (!record) return no_relay_record(name_, place->Sequence.Stream);
    if (place->Sequence.Consumer != delivered_ + 1) return gone("messages were lost on their way");
    ++delivered_;
    unread_ = place->NumPending;
    record->sequence = record->place = place->Sequence.Stream;
    records.push_back(std::move(*record));
    --wanted_;
    return std::nullopt;
  }

  /// 404 and 408: nothing came for a while. 409: the request's bytes are used up, or the consumer is gone.
  std::optional<Error> ended(natsMsg* message, std::string_view status) {
    wanted_ = 0;
    if (status == "404" || status == "408" || status == "100") return std::nullopt;
    const char* text = nullptr;
    natsMsgHeader_Get(message, "Description", &text);
    const std::string_view why = text == nullptr ? "" : text;
    if (status == "409" && why.find("MaxBytes") != std::string_view::npos) return std::nullopt;
    return gone(fmt::format("{} {}", status, why));
  }

  Error failed(natsStatus status) const { return error_of(status, name_ + " cannot be read"); }
  Error gone(const std::string& why) const { return {ErrorKind::unavailable, 0, name_ + ": " + why}; }
  Error lost() const { return gone("the connection to NATS was lost"); }
  Error silent() const { return gone("the server does not answer"); }

  const std::shared_ptr<Connection> connection_;
  const std::string stream_;
  const std::string name_;
  std::uint64_t losses_ = 0;
  std::string inbox_;
  std::string consumer_;
  std::string next_;
  Subscription subscription_;
  std::size_t wanted_ = 0;       ///< messages still to come of the open request
  std::uint64_t delivered_ = 0;  ///< the consumer's sequence
  std::uint64_t unread_ = 0;     ///< of the partition, behind the last record
  flow::Time asked_{};
};

}  // namespace

std::optional<Error> open_relay_reader(std::shared_ptr<Connection> connection, const std::string& stream,
                                       const std::string& subject, std::uint64_t from,
                                       const std::string& name, std::unique_ptr<RelayReader>& reader) {
  auto made = std::make_unique<PullReader>(std::move(connection), stream, name);
  if (auto error = made->open(subject, from)) return error;
  reader = std::move(made);
  return std::nullopt;
}

}  // namespace sluice::sinks::jetstream
