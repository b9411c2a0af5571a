#include "sinks/kafka/relay/topic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sinks/kafka/errors.hpp"

namespace sluice::sinks::kafka {

namespace {

using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, Destroyer<rd_kafka_ConfigResource_destroy>>;
using PartitionList =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Destroyer<rd_kafka_topic_partition_list_destroy>>;
using RecordsToDelete = std::unique_ptr<rd_kafka_DeleteRecords_t, Destroyer<rd_kafka_DeleteRecords_destroy>>;

constexpr std::int64_t ms_in_hour = 3'600'000;
constexpr std::size_t usual_message_bytes = 1'048'588;  // Kafka's default of max.message.bytes
constexpr std::size_t least_message_bytes = 64 * 1024;
constexpr std::size_t most_record_body = 900'000;  // below librdkafka's largest batch
constexpr std::size_t usual_batch_bytes = 1'000'000;
constexpr std::size_t room_for_headers = 4096;

int relay_ms(flow::Duration time) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

std::size_t message_bytes(const TopicFacts& topic) {
  const auto stated = topic.settings.find("max.message.bytes");
  std::size_t bytes = usual_message_bytes;
  if (stated == topic.settings.end()) return bytes;
  std::from_chars(stated->second.data(), stated->second.data() + stated->second.size(), bytes);
  return bytes;
}

AdminOptions admin_options(rd_kafka_t* client, rd_kafka_admin_op_t what, flow::Duration patience) {
  AdminOptions options(rd_kafka_AdminOptions_new(client, what));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), relay_ms(patience), nullptr, 0);
  return options;
}

std::optional<Error> count_partitions(rd_kafka_t* client, const std::string& topic, flow::Duration patience,
                                      int& partitions) {
  partitions = 0;
  const std::string doing = "the topic " + topic + " cannot be looked at";
  const Topic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  if (!handle) return error_of(rd_kafka_last_error(), doing);
  const rd_kafka_metadata_t* got = nullptr;
  const auto code = rd_kafka_metadata(client, 0, handle.get(), &got, relay_ms(patience));
  const Metadata metadata(got);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(code, doing);
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& one = metadata->topics[i];
    if (is_unknown_topic(one.err)) return std::nullopt;
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR && one.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
      return error_of(one.err, doing);
    partitions = one.partition_cnt;
  }
  return std::nullopt;
}

/// Without the right to read them the settings stay unknown.
std::optional<Error> read_settings(rd_kafka_t* client, const std::string& topic, flow::Duration patience,
                                   TopicFacts& facts) {
  const Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const auto options = admin_options(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, patience);
  const Queue queue(rd_kafka_queue_new(client));
  rd_kafka_ConfigResource_t* asked = resource.get();
  rd_kafka_DescribeConfigs(client, &asked, 1, options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), relay_ms(patience) + 1000));
  const std::string doing = "the settings of the topic " + topic + " cannot be read";
  if (!event) return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return error_of(code, doing);
  std::size_t count = 0;
  const auto* resources =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t entries = 0;
    const auto* entry = rd_kafka_ConfigResource_configs(resources[i], &entries);
    for (std::size_t at = 0; at < entries; ++at) {
      const std::string name = rd_kafka_ConfigEntry_name(entry[at]);
      const char* value = rd_kafka_ConfigEntry_value(entry[at]);
      if (value != nullptr && (name == "cleanup.policy" || name == "max.message.bytes"))
        facts.settings[name] = value;
    }
  }
  return std::nullopt;
}

}  // namespace

TopicShape relay_topic_shape(const RelayConfig& config) {
  TopicShape shape;
  shape.create = true;
  shape.partitions = config.partitions;
  shape.replication = static_cast<std::int32_t>(config.replicas);
  const std::int64_t age = config.max_age_h == 0 ? -1 : config.max_age_h * ms_in_hour;
  const std::int64_t bytes = config.max_mb == 0 ? -1 : (config.max_mb << 20) / config.partitions;
  shape.config = {{"cleanup.policy", "delete"},
                  {"retention.ms", std::to_string(age)},
                  {"retention.bytes", std::to_string(bytes)}};
  return shape;
}

std::string why_no_relay_log(const std::string& name, int partitions, const TopicFacts& topic) {
  if (topic.partitions != partitions) {
    return fmt::format(
        "the topic {} has {} partition{}, but the relay has {}; set 'relay.kafka.partitions' to the number "
        "of the topic, "
        "or use another topic, which Sluice creates",
        name, topic.partitions, topic.partitions == 1 ? "" : "s", partitions);
  }
  const auto policy = topic.settings.find("cleanup.policy");
  if (policy != topic.settings.end() && policy->second.find("compact") != std::string::npos) {
    return fmt::format(
        "the topic {} is compacted, so Kafka would drop events in its midst; set its cleanup.policy to "
        "delete, "
        "or use another topic",
        name);
  }
  if (message_bytes(topic) < least_message_bytes) {
    return fmt::format(
        "the topic {} takes messages of {} bytes at most; set its max.message.bytes to {} or more", name,
        message_bytes(topic), least_message_bytes);
  }
  return {};
}

std::size_t most_record_bytes(const TopicFacts& topic) {
  return std::min(most_record_body, message_bytes(topic) - 2 * room_for_headers);
}

std::size_t most_batch_bytes(const TopicFacts& topic) {
  return std::min(usual_batch_bytes, message_bytes(topic) - room_for_headers);
}

std::optional<Error> look_at_relay_topic(rd_kafka_t* client, const std::string& topic,
                                         flow::Duration patience, TopicFacts& facts) {
  facts = {};
  if (auto error = count_partitions(client, topic, patience, facts.partitions)) return error;
  return facts.partitions == 0 ? std::nullopt : read_settings(client, topic, patience, facts);
}

std::optional<Error> empty_topic(rd_kafka_t* client, const std::string& topic, int partitions,
                                 flow::Duration patience) {
  const PartitionList list(rd_kafka_topic_partition_list_new(partitions));
  for (int i = 0; i < partitions; ++i)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset = RD_KAFKA_OFFSET_END;
  const RecordsToDelete records(rd_kafka_DeleteRecords_new(list.get()));
  const auto options = admin_options(client, RD_KAFKA_ADMIN_OP_DELETERECORDS, patience);
  const Queue queue(rd_kafka_queue_new(client));
  rd_kafka_DeleteRecords_t* asked = records.get();
  rd_kafka_DeleteRecords(client, &asked, 1, options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), relay_ms(patience) + 1000));
  const std::string doing = "the records of the topic " + topic + " cannot be deleted";
  if (!event) return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return error_of(code, doing);
  const auto* result =
      rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
  for (int i = 0; i < result->cnt; ++i) {
    if (result->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(result->elems[i].err, doing);
  }
  return std::nullopt;
}

}  // namespace sluice::sinks::kafka
