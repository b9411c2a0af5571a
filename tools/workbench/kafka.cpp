#include "workbench/kafka.hpp"

#include <array>
#include <chrono>
#include <thread>

namespace workbench {

namespace {

constexpr int kafka_patience_ms = 20'000;

using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, Freed<rd_kafka_topic_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Freed<rd_kafka_message_destroy>>;

void check(rd_kafka_resp_err_t code, const std::string& doing) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw KafkaError(doing, code);
}

KafkaMessage copy(const rd_kafka_message_t& from) {
  KafkaMessage message;
  message.partition = from.partition;
  message.offset = from.offset;
  if (from.key != nullptr) message.key.emplace(static_cast<const char*>(from.key), from.key_len);
  if (from.payload != nullptr) message.value.emplace(static_cast<const char*>(from.payload), from.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&from, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return message;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    message.headers[name] = std::string(static_cast<const char*>(value), size);
  }
  return message;
}

/// Polls until `holds`, for what the cluster makes known after it has answered.
template <typename Holds>
void await(Holds holds, const std::string& what) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kafka_patience_ms);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) throw KafkaError(what, RD_KAFKA_RESP_ERR__TIMED_OUT);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace

Kafka::Kafka(const std::string& brokers, const Properties& properties) : brokers_(brokers) {
  std::array<char, 512> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Properties all = {
      {"bootstrap.servers", brokers},   {"group.id", "workbench"}, {"enable.auto.commit", "false"},
      {"enable.partition.eof", "true"}, {"log_level", "0"},        {"reconnect.backoff.max.ms", "500"}};
  all.insert(all.end(), properties.begin(), properties.end());
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK)
      continue;
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(why.data());
  }
  client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size()));
  if (!client_) {
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(why.data());
  }
  rd_kafka_poll_set_consumer(client_.get());
}

Kafka::Event Kafka::answer(rd_kafka_queue_t* queue, const std::string& doing) const {
  Event event(rd_kafka_queue_poll(queue, kafka_patience_ms));
  if (!event) throw KafkaError(doing, RD_KAFKA_RESP_ERR__TIMED_OUT);
  check(rd_kafka_event_error(event.get()), doing);
  return event;
}

namespace {

void check_topics(const rd_kafka_topic_result_t** results, std::size_t count, const std::string& doing) {
  for (std::size_t i = 0; i < count; ++i) check(rd_kafka_topic_result_error(results[i]), doing);
}

}  // namespace

void Kafka::create_topic(const std::string& name, int partitions, const Properties& config, int replicas) {
  std::array<char, 512> why{};
  const std::unique_ptr<rd_kafka_NewTopic_t, Freed<rd_kafka_NewTopic_destroy>> topic(
      rd_kafka_NewTopic_new(name.c_str(), partitions, replicas, why.data(), why.size()));
  if (!topic) throw std::runtime_error(why.data());
  for (const auto& [key, value] : config)
    rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str());
  rd_kafka_NewTopic_t* all = topic.get();
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_CreateTopics(client_.get(), &all, 1, nullptr, queue.get());
  const Event event = answer(queue.get(), "create a topic");
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  check_topics(results, count, "create the topic " + name);
  await([&] { return this->partitions(name) == partitions; }, "the new topic " + name);
}

void Kafka::delete_topic(const std::string& name) {
  const std::unique_ptr<rd_kafka_DeleteTopic_t, Freed<rd_kafka_DeleteTopic_destroy>> topic(
      rd_kafka_DeleteTopic_new(name.c_str()));
  rd_kafka_DeleteTopic_t* all = topic.get();
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_DeleteTopics(client_.get(), &all, 1, nullptr, queue.get());
  const Event event = answer(queue.get(), "delete a topic");
  std::size_t count = 0;
  const auto** results =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  check_topics(results, count, "delete the topic " + name);
}

void Kafka::delete_records(const std::string& topic) {
  const int count = partitions(topic);
  const Partitions list(rd_kafka_topic_partition_list_new(count));
  for (int i = 0; i < count; ++i)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset = RD_KAFKA_OFFSET_END;
  const std::unique_ptr<rd_kafka_DeleteRecords_t, Freed<rd_kafka_DeleteRecords_destroy>> records(
      rd_kafka_DeleteRecords_new(list.get()));
  rd_kafka_DeleteRecords_t* all = records.get();
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_DeleteRecords(client_.get(), &all, 1, nullptr, queue.get());
  answer(queue.get(), "delete the records of " + topic);
}

void Kafka::produce(const std::string& topic, const std::vector<KafkaMessage>& messages) {
  std::array<char, 512> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers_.c_str(), nullptr, 0);
  auto refused = RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_conf_set_opaque(conf, &refused);
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) *static_cast<rd_kafka_resp_err_t*>(opaque) = message->err;
  });
  const Client producer(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size()));
  if (!producer) {
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(why.data());
  }
  const KafkaTopic handle(rd_kafka_topic_new(producer.get(), topic.c_str(), nullptr));
  for (const KafkaMessage& message : messages) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
    for (const auto& [name, value] : message.headers)
      rd_kafka_header_add(headers, name.c_str(), -1, value.data(), static_cast<ssize_t>(value.size()));
    const std::string value = message.value.value_or("");
    check(rd_kafka_producev(
              producer.get(), RD_KAFKA_V_RKT(handle.get()), RD_KAFKA_V_PARTITION(message.partition),
              RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END),
          "produce");
  }
  check(rd_kafka_flush(producer.get(), kafka_patience_ms), "produce");
  check(refused, "produce");
}

void Kafka::add_partitions(const std::string& name, int partitions) {
  std::array<char, 512> why{};
  const std::unique_ptr<rd_kafka_NewPartitions_t, Freed<rd_kafka_NewPartitions_destroy>> more(
      rd_kafka_NewPartitions_new(name.c_str(), static_cast<std::size_t>(partitions), why.data(), why.size()));
  if (!more) throw std::runtime_error(why.data());
  rd_kafka_NewPartitions_t* all = more.get();
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_CreatePartitions(client_.get(), &all, 1, nullptr, queue.get());
  const Event event = answer(queue.get(), "add partitions");
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event.get()), &count);
  check_topics(results, count, "add partitions to " + name);
  await([&] { return this->partitions(name) == partitions; }, "the new partitions of " + name);
}

void Kafka::configure_topic(const std::string& name, const Properties& config) {
  const std::unique_ptr<rd_kafka_ConfigResource_t, Freed<rd_kafka_ConfigResource_destroy>> resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
  for (const auto& [key, value] : config)
    rd_kafka_ConfigResource_set_config(resource.get(), key.c_str(), value.c_str());
  rd_kafka_ConfigResource_t* all = resource.get();
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_AlterConfigs(client_.get(), &all, 1, nullptr, queue.get());
  const Event event = answer(queue.get(), "configure a topic");
  std::size_t count = 0;
  const auto** results =
      rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i)
    check(rd_kafka_ConfigResource_error(results[i]), "configure the topic " + name);
}

namespace {

const std::vector<rd_kafka_AclOperation_t> publishing = {RD_KAFKA_ACL_OPERATION_DESCRIBE,
                                                         RD_KAFKA_ACL_OPERATION_WRITE};

}  // namespace

void Kafka::create_rights(const std::string& user, const std::vector<Right>& rights, bool by_prefix) {
  using Binding = std::unique_ptr<rd_kafka_AclBinding_t, Freed<rd_kafka_AclBinding_destroy>>;
  std::vector<Binding> owned;
  std::vector<rd_kafka_AclBinding_t*> all;
  for (const Right& right : rights) {
    owned.emplace_back(rd_kafka_AclBinding_new(
        right.type, right.name.c_str(),
        by_prefix ? RD_KAFKA_RESOURCE_PATTERN_PREFIXED : RD_KAFKA_RESOURCE_PATTERN_LITERAL,
        ("User:" + user).c_str(), "*", right.operation, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, nullptr, 0));
    all.push_back(owned.back().get());
  }
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_CreateAcls(client_.get(), all.data(), all.size(), nullptr, queue.get());
  const Event event = answer(queue.get(), "allow " + user);
}

void Kafka::allow(const std::string& user, const std::string& prefix) {
  std::vector<Right> rights;
  for (const auto operation : publishing) rights.push_back({RD_KAFKA_RESOURCE_TOPIC, prefix, operation});
  create_rights(user, rights, true);
}

void Kafka::allow_group(const std::string& user, const std::string& group,
                        rd_kafka_AclOperation_t operation) {
  create_rights(user, {{RD_KAFKA_RESOURCE_GROUP, group, operation}}, false);
}

Kafka::Group Kafka::group(const std::string& name) {
  const char* names[] = {name.c_str()};
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_DescribeConsumerGroups(client_.get(), names, 1, nullptr, queue.get());
  const Event event = answer(queue.get(), "describe the group " + name);
  std::size_t count = 0;
  const auto* groups = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
  Group found;
  if (count == 0) return found;
  if (const auto* error = rd_kafka_ConsumerGroupDescription_error(groups[0]))
    check(rd_kafka_error_code(error), "describe the group " + name);
  found.state = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(groups[0]));
  found.assignor = rd_kafka_ConsumerGroupDescription_partition_assignor(groups[0]);
  for (std::size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(groups[0]); ++i) {
    const auto* list = rd_kafka_MemberAssignment_partitions(
        rd_kafka_MemberDescription_assignment(rd_kafka_ConsumerGroupDescription_member(groups[0], i)));
    std::set<int>& member = found.members.emplace_back();
    for (int at = 0; list != nullptr && at < list->cnt; ++at) member.insert(list->elems[at].partition);
  }
  return found;
}

void Kafka::revoke(const std::string& user, const std::string& prefix) {
  using Filter = std::unique_ptr<rd_kafka_AclBindingFilter_t, Freed<rd_kafka_AclBinding_destroy>>;
  const Filter owned(rd_kafka_AclBindingFilter_new(
      RD_KAFKA_RESOURCE_TOPIC, prefix.c_str(), RD_KAFKA_RESOURCE_PATTERN_PREFIXED, ("User:" + user).c_str(),
      "*", RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, nullptr, 0));
  rd_kafka_AclBindingFilter_t* all = owned.get();
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_DeleteAcls(client_.get(), &all, 1, nullptr, queue.get());
  const Event event = answer(queue.get(), "revoke the rights of " + user);
}

int Kafka::partitions(const std::string& topic) {
  const KafkaTopic handle(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
  const rd_kafka_metadata_t* got = nullptr;
  check(rd_kafka_metadata(client_.get(), 0, handle.get(), &got, kafka_patience_ms), "metadata");
  int count = 0;
  for (int i = 0; i < got->topic_cnt; ++i) {
    if (got->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) count = got->topics[i].partition_cnt;
  }
  rd_kafka_metadata_destroy(got);
  return count;
}

std::vector<Kafka::Placement> Kafka::placements(const std::string& topic) {
  const KafkaTopic handle(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
  const rd_kafka_metadata_t* got = nullptr;
  check(rd_kafka_metadata(client_.get(), 0, handle.get(), &got, kafka_patience_ms), "metadata");
  std::vector<Placement> all;
  for (int i = 0; i < got->topic_cnt; ++i) {
    const auto& one = got->topics[i];
    for (int partition = 0; partition < one.partition_cnt; ++partition)
      all.push_back({one.partitions[partition].leader, one.partitions[partition].isr_cnt});
  }
  rd_kafka_metadata_destroy(got);
  return all;
}

std::pair<std::int64_t, std::int64_t> Kafka::offsets(const std::string& topic, int partition) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kafka_patience_ms);
  rd_kafka_resp_err_t error{};
  do {
    error = rd_kafka_query_watermark_offsets(client_.get(), topic.c_str(), partition, &low, &high,
                                             kafka_patience_ms);
    // A partition that was made just now may not have a leader yet.
  } while (error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION && std::chrono::steady_clock::now() < until);
  check(error, "offsets of " + topic);
  return {low, high};
}

std::int64_t Kafka::count(const std::string& topic) {
  std::int64_t sum = 0;
  const int all = partitions(topic);
  for (int i = 0; i < all; ++i) {
    const auto [low, high] = offsets(topic, i);
    sum += high - low;
  }
  return sum;
}

std::vector<KafkaMessage> Kafka::read_partition(const std::string& topic, int partition) {
  std::vector<KafkaMessage> messages;
  const auto [low, high] = offsets(topic, partition);
  if (low == high) return messages;
  const Partitions assigned(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(assigned.get(), topic.c_str(), partition)->offset = low;
  check(rd_kafka_assign(client_.get(), assigned.get()), "assign");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(3 * kafka_patience_ms);
  bool ended = false;
  while (!ended) {
    if (std::chrono::steady_clock::now() > deadline)
      throw KafkaError("read " + topic, RD_KAFKA_RESP_ERR__TIMED_OUT);
    const Message message(rd_kafka_consumer_poll(client_.get(), 500));
    if (!message) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ended = message->offset >= high;
    } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset < high) {
      messages.push_back(copy(*message));
    } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ended = true;  // written meanwhile
    } else if (message->rkt != nullptr) {
      throw KafkaError("read " + topic, message->err);
    }
  }
  check(rd_kafka_assign(client_.get(), nullptr), "assign");
  return messages;
}

std::vector<KafkaMessage> Kafka::read(const std::string& topic) {
  std::vector<KafkaMessage> all;
  const int count = partitions(topic);
  for (int i = 0; i < count; ++i) {
    auto more = read_partition(topic, i);
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return all;
}

}  // namespace workbench
