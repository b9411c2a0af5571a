#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "workbench/freed.hpp"

namespace workbench {

class KafkaError : public std::runtime_error {
 public:
  KafkaError(const std::string& doing, rd_kafka_resp_err_t code)
      : std::runtime_error(doing + ": " + rd_kafka_err2str(code)), code_(code) {}
  rd_kafka_resp_err_t code() const { return code_; }

 private:
  rd_kafka_resp_err_t code_;
};

/// A message of a topic.
struct KafkaMessage {
  int partition = 0;
  std::int64_t offset = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;  ///< absent: a tombstone
  std::map<std::string, std::string> headers;
};

/// A consumer and administrator of a Kafka cluster. Not thread-safe. All functions throw KafkaError.
class Kafka {
 public:
  using Properties = std::vector<std::pair<std::string, std::string>>;

  /// `properties`: of librdkafka's consumer, such as isolation.level.
  explicit Kafka(const std::string& brokers, const Properties& properties = {});

  /// Creates a topic and waits until it is there. `config`: such as cleanup.policy.
  void create_topic(const std::string& name, int partitions, const Properties& config = {}, int replicas = 1);
  /// Deletes a topic and waits until it is gone.
  void delete_topic(const std::string& name);
  void add_partitions(const std::string& name, int partitions);
  /// Changes one setting of a topic. The others take their defaults.
  void configure_topic(const std::string& name, const Properties& config);
  /// Allows a user to describe and write topics whose names begin with `prefix`, or takes that right away.
  /// The broker must have an authorizer.
  void allow(const std::string& user, const std::string& prefix);
  void revoke(const std::string& user, const std::string& prefix);
  /// Allows a user an operation on a consumer group. To read it includes to describe it.
  void allow_group(const std::string& user, const std::string& group, rd_kafka_AclOperation_t operation);
  /// The members of a consumer group with the partitions assigned to each, which may be none. A group that
  /// is being divided anew has members without partitions.
  struct Group {
    std::string state;     ///< such as Stable or Empty
    std::string assignor;  ///< such as cooperative-sticky
    std::vector<std::set<int>> members;
  };
  Group group(const std::string& name);
  /// The number of partitions; 0 if there is no such topic.
  int partitions(const std::string& topic);
  /// Where each partition of a topic is: the number of its leader (-1: none), and how many replicas are in
  /// sync.
  struct Placement {
    int leader = -1;
    int in_sync = 0;
  };
  std::vector<Placement> placements(const std::string& topic);
  /// The number of offsets in use, over all partitions; 0 if there is no such topic. Transactions' markers
  /// count too.
  std::int64_t count(const std::string& topic);
  /// Deletes all messages of the topic.
  void delete_records(const std::string& topic);
  /// Sends copies of messages to their partitions, and waits until they are stored.
  void produce(const std::string& topic, const std::vector<KafkaMessage>& messages);
  /// All messages of the topic: partition by partition, in the order of the offsets.
  std::vector<KafkaMessage> read(const std::string& topic);

 private:
  using Client = std::unique_ptr<rd_kafka_t, Freed<rd_kafka_destroy>>;
  using Queue = std::unique_ptr<rd_kafka_queue_t, Freed<rd_kafka_queue_destroy>>;
  using Event = std::unique_ptr<rd_kafka_event_t, Freed<rd_kafka_event_destroy>>;
  using Partitions =
      std::unique_ptr<rd_kafka_topic_partition_list_t, Freed<rd_kafka_topic_partition_list_destroy>>;

  struct Right {
    rd_kafka_ResourceType_t type;
    std::string name;
    rd_kafka_AclOperation_t operation;
  };
  Event answer(rd_kafka_queue_t* queue, const std::string& doing) const;
  void create_rights(const std::string& user, const std::vector<Right>& rights, bool by_prefix);
  std::pair<std::int64_t, std::int64_t> offsets(const std::string& topic, int partition);
  std::vector<KafkaMessage> read_partition(const std::string& topic, int partition);

  const std::string brokers_;
  Client client_;
};

}  // namespace workbench
