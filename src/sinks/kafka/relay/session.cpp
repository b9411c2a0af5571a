#include "sinks/kafka/relay/session.hpp"

#include <algorithm>
#include <array>

#include "sinks/kafka/conf.hpp"
#include "sinks/kafka/errors.hpp"

namespace sluice::sinks::kafka {

namespace {

// Requests hold about this much of one partition; larger messages come alone.
constexpr const char* fetched_bytes = "1048576";

int session_ms(flow::Duration time) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

std::optional<Error> set_up(rd_kafka_conf_t* conf, const RelaySession::Limits& limits) {
  const std::array<std::pair<const char*, std::string>, 9> settings{{
      {"isolation.level", "read_uncommitted"},  // see the folder's README
      {"auto.offset.reset", "error"},           // records that are gone are reported, not skipped
      {"fetch.wait.max.ms", std::to_string(limits.wait_ms)},
      {"queued.max.messages.kbytes", std::to_string(limits.prefetched_kb)},
      {"fetch.message.max.bytes", fetched_bytes},
      {"message.max.bytes", fetched_bytes},  // a larger one would raise fetch.max.bytes
      {"fetch.max.bytes", "4194304"},
      {"fetch.error.backoff.ms", "100"},
      {"topic.metadata.refresh.interval.ms", "10000"},
  }};
  std::array<char, 512> why{};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
      return Error{ErrorKind::fatal, 0, std::string("librdkafka refuses ") + name + ": " + why.data()};
  }
  rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR);
  return std::nullopt;
}

}  // namespace

std::optional<Error> RelaySession::open(const KafkaConfig& config, const std::string& topic,
                                        const Limits& limits, std::shared_ptr<RelaySession>& made) {
  auto filled = reader_conf(config);
  if (auto* error = std::get_if<Error>(&filled)) return std::move(*error);
  auto& conf = std::get<Conf>(filled);
  if (auto error = set_up(conf.get(), limits)) return error;
  std::shared_ptr<RelaySession> session(new RelaySession(config.brokers, topic));  // NOLINT: private
  std::array<char, 512> why{};
  session->client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size()));
  if (!session->client_) return Error{ErrorKind::fatal, 0, why.data()};
  static_cast<void>(conf.release());
  session->events_.reset(rd_kafka_queue_get_main(session->client_.get()));
  session->handle_.reset(rd_kafka_topic_new(session->client_.get(), topic.c_str(), nullptr));
  if (!session->handle_) return error_of(rd_kafka_last_error(), "the topic " + topic + " cannot be read");
  made = std::move(session);
  return std::nullopt;
}

std::optional<Error> RelaySession::offsets(int partition, flow::Duration patience, std::int64_t& first,
                                           std::int64_t& end) {
  const auto code = rd_kafka_query_watermark_offsets(client_.get(), topic_.c_str(), partition, &first, &end,
                                                     session_ms(patience));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  if (log_in_refused()) return complaint();
  return error_of(code, "the topic " + topic_ + " cannot be read");
}

std::int64_t RelaySession::known_end(int partition) const {
  std::int64_t first = 0;
  std::int64_t end = 0;
  const auto code = rd_kafka_get_watermark_offsets(client_.get(), topic_.c_str(), partition, &first, &end);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? std::max<std::int64_t>(end, 0) : 0;
}

std::uint64_t RelaySession::losses() {
  const std::lock_guard lock(mutex_);
  while (const Event event{rd_kafka_queue_poll(events_.get(), 0)}) {
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
    const auto code = rd_kafka_event_error(event.get());
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      last_error_ = code;
      last_text_ = rd_kafka_event_error_string(event.get());
    }
    if (is_trouble(code)) ++losses_;
  }
  return losses_;
}

bool RelaySession::log_in_refused() {
  losses();
  const std::lock_guard lock(mutex_);
  return last_error_ == RD_KAFKA_RESP_ERR__AUTHENTICATION;
}

Error RelaySession::complaint() {
  const std::lock_guard lock(mutex_);
  const std::string doing = "the topic " + topic_ + " cannot be read";
  return error_of(last_text_.empty() ? RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN : last_error_, doing, last_text_);
}

Error RelaySession::unreachable(rd_kafka_resp_err_t code) {
  losses();
  const std::lock_guard lock(mutex_);
  return last_text_.empty() ? no_broker(brokers_, code) : no_broker(brokers_, last_error_, last_text_);
}

PartitionMessages::~PartitionMessages() {
  if (started_) rd_kafka_consume_stop(session_->topic(), partition_);
}

std::optional<Error> PartitionMessages::start(std::int64_t offset) {
  if (rd_kafka_consume_start_queue(session_->topic(), partition_, offset, queue_.get()) != 0)
    return error_of(rd_kafka_last_error(), "the relay's topic cannot be read");
  started_ = true;
  return std::nullopt;
}

Message PartitionMessages::next(std::chrono::milliseconds wait) const {
  return Message(rd_kafka_consume_queue(queue_.get(), static_cast<int>(wait.count())));
}

}  // namespace sluice::sinks::kafka
