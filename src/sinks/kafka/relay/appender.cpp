#include "sinks/kafka/relay/appender.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "sinks/kafka/conf.hpp"
#include "sinks/kafka/errors.hpp"
#include "sinks/kafka/raii.hpp"
#include "sinks/kafka/relay/record.hpp"

namespace sluice::sinks::kafka {

namespace {

using std::chrono::milliseconds;

/// How long a transaction stays open. A broker ends it after `relay_transaction_timeout`.
constexpr auto transaction_open_for = std::chrono::seconds(5);
constexpr const char* relay_transaction_timeout = "60000";
constexpr auto report_poll = milliseconds(100);

int appender_ms(flow::Duration time) {
  return static_cast<int>(std::max<std::int64_t>(std::chrono::ceil<milliseconds>(time).count(), 0));
}

class Appender : public RelayAppender {
 public:
  explicit Appender(AppenderParts parts)
      : parts_(std::move(parts)), newest_(static_cast<std::size_t>(parts_.partitions), -1) {}

  ~Appender() override {
    if (client_) rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  std::optional<Error> open() {
    auto filled = producer_conf(parts_.config, {false, parts_.batch_bytes}, parts_.transactional_id);
    if (auto* error = std::get_if<Error>(&filled)) return std::move(*error);
    auto& conf = std::get<Conf>(filled);
    if (!parts_.config.properties.contains("transaction.timeout.ms"))
      rd_kafka_conf_set(conf.get(), "transaction.timeout.ms", relay_transaction_timeout, nullptr, 0);
    std::array<char, 512> why{};
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
    if (!client_) return Error{ErrorKind::fatal, 0, std::string("librdkafka: ") + why.data()};
    static_cast<void>(conf.release());
    events_.reset(rd_kafka_queue_get_main(client_.get()));
    topic_.reset(rd_kafka_topic_new(client_.get(), parts_.topic.c_str(), nullptr));
    if (!topic_) return error_of(rd_kafka_last_error(), not_written());
    return step(rd_kafka_init_transactions(client_.get(), appender_ms(parts_.patience)));
  }

  std::size_t most_bytes() const override { return parts_.most_bytes; }

  void begin() override { sent_ = answered_ = 0; }

  std::optional<Error> append(int partition, std::string_view id, const RelayHeader& header,
                              std::span<const std::uint8_t> body, std::uint64_t last_sequence) override {
    if (!began_) {
      if (auto error = step(rd_kafka_begin_transaction(client_.get()))) return error;
      began_ = flow::Clock::now();
    }
    Headers headers = relay_headers(id, header, last_sequence + 1);
    std::array<rd_kafka_vu_t, 5> values{};
    values[0].vtype = RD_KAFKA_VTYPE_RKT;
    values[0].u.rkt = topic_.get();
    values[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    values[1].u.i32 = partition;
    values[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    values[2].u.i = RD_KAFKA_MSG_F_COPY;
    values[3].vtype = RD_KAFKA_VTYPE_VALUE;
    values[3].u.mem.ptr = const_cast<std::uint8_t*>(body.data());  // NOLINT: librdkafka copies it
    values[3].u.mem.size = body.size();
    values[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    values[4].u.headers = headers.get();
    const Failure failure(rd_kafka_produceva(client_.get(), values.data(), values.size()));
    if (failure) return error_of(rd_kafka_error_code(failure.get()), not_written());
    static_cast<void>(headers.release());
    ++sent_;
    return std::nullopt;
  }

  bool settled(milliseconds within, const std::stop_token& stop) override {
    const flow::Time until = flow::Clock::now() + within;
    while (true) {
      const flow::Duration left = until - flow::Clock::now();
      read_reports(std::clamp<flow::Duration>(left, flow::Duration(0), report_poll));
      if (answered_ == sent_ || failed_ || stop.stop_requested()) return true;
      if (left <= flow::Duration(0)) return false;
    }
  }

  std::optional<Error> land(milliseconds within, const std::stop_token& stop) override {
    settled(within, stop);
    if (failed_) return failed_;
    if (answered_ != sent_) return late();
    if (!began_ || flow::Clock::now() < *began_ + transaction_open_for) return std::nullopt;
    began_.reset();
    return step(rd_kafka_commit_transaction(client_.get(), appender_ms(parts_.patience)));
  }

 private:
  std::string not_written() const { return parts_.name + " cannot be written"; }

  std::optional<Error> step(rd_kafka_error_t* owned) {
    const Failure failure(owned);
    if (!failure) return std::nullopt;
    read_reports(flow::Duration(0));  // they may tell why
    if (rd_kafka_error_code(failure.get()) == RD_KAFKA_RESP_ERR__TIMED_OUT && !last_text_.empty())
      return error_of(last_error_, not_written(), last_text_);
    return error_of(rd_kafka_error_code(failure.get()), not_written(), rd_kafka_error_string(failure.get()));
  }

  /// Reads the reports that have come, and waits for one if none has.
  void read_reports(flow::Duration wait) {
    while (answered_ != sent_ || wait == flow::Duration(0)) {
      const Event event(rd_kafka_queue_poll(events_.get(), appender_ms(wait)));
      if (!event) return;
      wait = flow::Duration(0);
      if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) note_error(event.get());
      if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) continue;
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get())) report(*message);
    }
  }

  void report(const rd_kafka_message_t& message) {
    ++answered_;
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (!failed_) failed_ = error_of(message.err, not_written());
      return;
    }
    std::int64_t& newest = newest_[static_cast<std::size_t>(message.partition)];
    if (message.offset <= newest) {
      *parts_.made_anew = true;
      failed_ = Error{ErrorKind::unavailable, 0,
                      parts_.name + " was deleted and created again; writing it anew from MongoDB"};
    }
    newest = message.offset;
  }

  void note_error(rd_kafka_event_t* event) {
    auto code = rd_kafka_event_error(event);
    const char* text = rd_kafka_event_error_string(event);
    std::array<char, 512> why{};
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      code = rd_kafka_fatal_error(client_.get(), why.data(), why.size());
      text = why.data();
      if (!failed_) failed_ = error_of(code, not_written(), text);
    }
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !last_text_.empty()) return;
    last_error_ = code;
    last_text_ = text == nullptr ? "" : text;
  }

  Error late() const {
    const std::string doing = parts_.name + " does not acknowledge records";
    return last_text_.empty() ? Error{ErrorKind::unavailable, 0, doing}
                              : error_of(last_error_, doing, last_text_);
  }

  const AppenderParts parts_;
  Client client_;
  Topic topic_;
  Queue events_;
  std::optional<flow::Time> began_;  ///< the open transaction
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  std::vector<std::int64_t> newest_;  ///< by partition: the offset of the newest record
  std::optional<Error> failed_;
  rd_kafka_resp_err_t last_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string last_text_;
};

}  // namespace

std::optional<Error> open_relay_appender(AppenderParts parts, std::unique_ptr<RelayAppender>& appender) {
  auto made = std::make_unique<Appender>(std::move(parts));
  if (auto error = made->open()) return error;
  appender = std::move(made);
  return std::nullopt;
}

}  // namespace sluice::sinks::kafka
