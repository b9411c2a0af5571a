#include "sinks/kafka/topics.hpp"

#include <array>
#include <vector>

#include "sinks/kafka/conf.hpp"
#include "sinks/kafka/errors.hpp"

namespace sluice::sinks::kafka {

namespace {

int topic_ms(flow::Duration time) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

std::optional<Error> describe_topic(const std::string& name, const TopicShape& shape, NewTopic& made) {
  std::array<char, 512> why{};
  made.reset(
      rd_kafka_NewTopic_new(name.c_str(), shape.partitions, shape.replication, why.data(), why.size()));
  if (!made)
    return Error{ErrorKind::unavailable, 0, "the topic " + name + " cannot be created: " + why.data()};
  for (const auto& [key, value] : shape.config)
    rd_kafka_NewTopic_set_config(made.get(), key.c_str(), value.c_str());
  return std::nullopt;
}

std::optional<Error> read_created(const rd_kafka_event_t* event,
                                  const std::function<void(const std::string&)>& say) {
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(
      rd_kafka_event_CreateTopics_result(const_cast<rd_kafka_event_t*>(event)), &count);
  std::optional<Error> error;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = rd_kafka_topic_result_name(results[i]);
    const auto code = rd_kafka_topic_result_error(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) say("created the Kafka topic " + name);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    if (error) continue;
    error = error_of(code, "the topic " + name + " cannot be created");
    if (const char* more = rd_kafka_topic_result_error_string(results[i])) {
      error->message += std::string(" (") + more + ")";
    }
  }
  return error;
}

}  // namespace

std::optional<Error> create_topics(rd_kafka_t* client, const TopicShape& shape,
                                   std::span<const std::string> names, flow::Duration patience,
                                   const std::function<void(const std::string&)>& say) {
  std::vector<NewTopic> owned(names.size());
  std::vector<rd_kafka_NewTopic_t*> topics;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (auto error = describe_topic(names[i], shape, owned[i])) return error;
    topics.push_back(owned[i].get());
  }
  if (topics.empty()) return std::nullopt;
  const AdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  std::array<char, 512> why{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), topic_ms(patience), why.data(), why.size());
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), topic_ms(patience), why.data(), why.size());
  const Queue queue(rd_kafka_queue_new(client));
  rd_kafka_CreateTopics(client, topics.data(), topics.size(), options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), topic_ms(patience) + 1000));
  const std::string doing = "the topic " + names.front() + " cannot be created";
  if (!event) return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return error_of(code, doing);
  return read_created(event.get(), say);
}

std::optional<Error> Inquirer::open(const KafkaConfig& config, flow::Duration patience,
                                    std::unique_ptr<Inquirer>& made) {
  auto conf = client_conf(config);
  if (auto* error = std::get_if<Error>(&conf)) return std::move(*error);
  auto& owned = std::get<Conf>(conf);
  rd_kafka_conf_set_events(owned.get(), RD_KAFKA_EVENT_ERROR);
  std::unique_ptr<Inquirer> inquirer(new Inquirer(config, patience));  // NOLINT: private constructor
  std::array<char, 512> why{};
  inquirer->client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, owned.get(), why.data(), why.size()));
  if (!inquirer->client_) return Error{ErrorKind::fatal, 0, why.data()};
  static_cast<void>(owned.release());
  inquirer->events_.reset(rd_kafka_queue_get_main(inquirer->client_.get()));
  const rd_kafka_metadata_t* got = nullptr;
  const auto code = rd_kafka_metadata(inquirer->client_.get(), 0, nullptr, &got, topic_ms(patience));
  const Metadata metadata(got);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return inquirer->unreachable(code);
  made = std::move(inquirer);
  return std::nullopt;
}

/// With the reason that librdkafka reported, if it did.
Error Inquirer::unreachable(rd_kafka_resp_err_t code) const {
  Error error = no_broker(config_.brokers, code);
  while (true) {
    const Event event(rd_kafka_queue_poll(events_.get(), 0));
    if (!event) return error;
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
    const auto why = rd_kafka_event_error(event.get());
    if (why == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) continue;
    error = no_broker(config_.brokers, why, rd_kafka_event_error_string(event.get()));
  }
}

std::optional<Error> Inquirer::partitions_of(const std::string& topic, std::size_t& partitions) const {
  partitions = 0;
  const std::string doing = "the topic " + topic + " cannot be read";
  const Topic handle(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
  if (!handle) return error_of(rd_kafka_last_error(), doing);
  const rd_kafka_metadata_t* got = nullptr;
  const auto code = rd_kafka_metadata(client_.get(), 0, handle.get(), &got, topic_ms(patience_));
  const Metadata metadata(got);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(code, doing);
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& one = metadata->topics[i];
    if (one.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::nullopt;
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR && one.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
      return error_of(one.err, doing);
    partitions = static_cast<std::size_t>(one.partition_cnt);
  }
  return std::nullopt;
}

bool Inquirer::answers() const {
  const rd_kafka_metadata_t* got = nullptr;
  const auto code = rd_kafka_metadata(client_.get(), 0, nullptr, &got, topic_ms(patience_));
  const Metadata metadata(got);
  while (Event(rd_kafka_queue_poll(events_.get(), 0))) {
  }
  return code == RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace sluice::sinks::kafka
