#include "sinks/kafka/producer.hpp"

#include <array>
#include <utility>

#include "sinks/kafka/conf.hpp"
#include "sinks/kafka/errors.hpp"

namespace sluice::sinks::kafka {

namespace {

constexpr int poll_ms = 1000;  // a stop ends the poll at once

int ms_of(flow::Duration time) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

void add_headers(rd_kafka_headers_t* headers, std::string_view lines) {
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    const auto colon = line.find(": ");
    const std::string_view value = line.substr(colon + 2);
    rd_kafka_header_add(headers, line.data(), static_cast<ssize_t>(colon), value.data(),
                        static_cast<ssize_t>(value.size()));
    lines = end == std::string_view::npos ? std::string_view{} : lines.substr(end + 1);
  }
}

}  // namespace

std::variant<std::shared_ptr<Producer>, Error> Producer::open(const KafkaConfig& config,
                                                              const Batching& batching,
                                                              const std::string& transactional_id) {
  auto made = producer_conf(config, batching, transactional_id);
  if (auto* error = std::get_if<Error>(&made)) return std::move(*error);
  auto& conf = std::get<Conf>(made);
  std::shared_ptr<Producer> producer(new Producer(batching));  // NOLINT: private constructor
  std::array<char, 512> why{};
  producer->client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
  if (!producer->client_) {
    return Error{ErrorKind::fatal, 0, std::string("librdkafka refuses the configuration: ") + why.data()};
  }
  static_cast<void>(conf.release());
  producer->events_.reset(rd_kafka_queue_get_main(producer->client_.get()));
  producer->thread_ =
      std::jthread([self = producer.get()](const std::stop_token& stop) { self->serve(stop); });
  return producer;
}

Producer::~Producer() {
  thread_.request_stop();
  if (events_) rd_kafka_queue_yield(events_.get());
  if (thread_.joinable()) thread_.join();
  if (client_) purge();
}

void Producer::serve(const std::stop_token& stop) noexcept {
  while (!stop.stop_requested()) {
    const Event event(rd_kafka_queue_poll(events_.get(), poll_ms));
    if (event) handle(event.get());
  }
}

void Producer::handle(rd_kafka_event_t* event) noexcept {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR:
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && trouble_) over();
        Reports::delivered(message->_private, static_cast<Fate>(message->err));
      }
      return;
    case RD_KAFKA_EVENT_ERROR:
      on_error(event);
      return;
    default:
      return;
  }
}

/// Brokers acknowledge again.
void Producer::over() noexcept {
  const std::lock_guard lock(mutex_);
  last_text_.clear();
  trouble_ = false;
}

void Producer::on_error(rd_kafka_event_t* event) noexcept {
  rd_kafka_resp_err_t code = rd_kafka_event_error(event);
  const char* text = rd_kafka_event_error_string(event);
  std::array<char, 512> why{};
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    code = rd_kafka_fatal_error(client_.get(), why.data(), why.size());
    text = why.data();
  }
  try {
    const std::lock_guard lock(mutex_);
    // "All brokers are down" follows the reason, which says more.
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || last_text_.empty()) {
      last_text_ = text == nullptr ? "" : text;
      last_error_ = code;
    }
  } catch (const std::bad_alloc&) {
    // The error stays without its text.
  }
  if (is_trouble(code)) trouble_ = true;
}

rd_kafka_resp_err_t Producer::send(rd_kafka_topic_t* topic, const Record& record, Reports::Slot* slot) {
  std::array<rd_kafka_vu_t, 6> parts{};
  std::size_t count = 0;
  const auto add = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
    parts[count].vtype = type;
    return parts[count++];
  };
  add(RD_KAFKA_VTYPE_RKT).u.rkt = topic;
  add(RD_KAFKA_VTYPE_MSGFLAGS).u.i = RD_KAFKA_MSG_F_COPY;
  add(RD_KAFKA_VTYPE_OPAQUE).u.ptr = slot;
  auto& value = add(RD_KAFKA_VTYPE_VALUE).u.mem;
  value.ptr = const_cast<char*>(record.value.data());  // NOLINT: librdkafka copies it
  value.size = record.value.size();
  if (record.key.data() != nullptr) {
    auto& key = add(RD_KAFKA_VTYPE_KEY).u.mem;
    key.ptr = const_cast<char*>(record.key.data());  // NOLINT: librdkafka copies it
    key.size = record.key.size();
  }
  Headers headers;
  if (!record.headers.empty()) {
    headers.reset(rd_kafka_headers_new(4));
    add_headers(headers.get(), record.headers);
    add(RD_KAFKA_VTYPE_HEADERS).u.headers = headers.get();
  }
  const Failure failure(rd_kafka_produceva(client_.get(), parts.data(), count));
  if (failure) return rd_kafka_error_code(failure.get());
  static_cast<void>(headers.release());
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_topic_t* Producer::topic(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(name);
  if (found != topics_.end()) return found->second.get();
  Topic made(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
  return topics_.emplace(name, std::move(made)).first->second.get();
}

void Producer::keep(std::shared_ptr<Reports> reports) {
  const std::lock_guard lock(mutex_);
  kept_.push_back(std::move(reports));
}

rd_kafka_resp_err_t Producer::reach(flow::Duration patience) const {
  const rd_kafka_metadata_t* made = nullptr;
  const auto code = rd_kafka_metadata(client_.get(), 0, nullptr, &made, ms_of(patience));
  const Metadata metadata(made);
  return code;
}

void Producer::look_up(const std::string& name, flow::Duration patience) {
  rd_kafka_topic_t* handle = topic(name);
  if (handle == nullptr) return;
  const rd_kafka_metadata_t* made = nullptr;
  rd_kafka_metadata(client_.get(), 0, handle, &made, ms_of(patience));
  const Metadata metadata(made);
}

rd_kafka_resp_err_t Producer::begin(flow::Duration patience) {
  return result_of(rd_kafka_init_transactions(client_.get(), ms_of(patience)));
}

rd_kafka_resp_err_t Producer::begin_transaction() {
  return result_of(rd_kafka_begin_transaction(client_.get()));
}

rd_kafka_resp_err_t Producer::commit_transaction(flow::Duration patience) {
  return result_of(rd_kafka_commit_transaction(client_.get(), ms_of(patience)));
}

rd_kafka_resp_err_t Producer::abort_transaction(flow::Duration patience) {
  return result_of(rd_kafka_abort_transaction(client_.get(), ms_of(patience)));
}

/// The code of a step's error, whose text is kept for complaint(). An error after which the step can be
/// repeated is RD_KAFKA_RESP_ERR__TIMED_OUT.
rd_kafka_resp_err_t Producer::result_of(rd_kafka_error_t* owned) {
  const Failure failure(owned);
  if (!failure) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const auto code = rd_kafka_error_code(failure.get());
  if (rd_kafka_error_is_retriable(failure.get()) != 0) return RD_KAFKA_RESP_ERR__TIMED_OUT;
  const std::lock_guard lock(mutex_);
  last_error_ = code;
  last_text_ = rd_kafka_error_string(failure.get());
  return code;
}

void Producer::purge_queue() const {
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE);
}

void Producer::purge() const {
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

bool Producer::log_in_refused() const {
  const std::lock_guard lock(mutex_);
  return trouble_ && (last_error_ == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
                      last_error_ == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED);
}

rd_kafka_resp_err_t Producer::refusal(std::string_view topic) const {
  std::array<char, 1024> text{};
  const auto code = rd_kafka_fatal_error(client_.get(), text.data(), text.size());
  return code == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE ? refusal_in(text.data(), topic)
                                                      : RD_KAFKA_RESP_ERR_NO_ERROR;
}

Error Producer::complaint(const std::string& doing) const {
  const std::lock_guard lock(mutex_);
  if (last_text_.empty()) return {ErrorKind::unavailable, 0, doing};
  return error_of(last_error_, doing, last_text_);
}

}  // namespace sluice::sinks::kafka
