#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mongo.hpp"
#include "process.hpp"

namespace storm {

using KafkaClient = std::unique_ptr<rd_kafka_t, Freed<rd_kafka_destroy>>;
using KafkaQueue = std::unique_ptr<rd_kafka_queue_t, Freed<rd_kafka_queue_destroy>>;
using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, Freed<rd_kafka_topic_destroy>>;
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, Freed<rd_kafka_event_destroy>>;
using KafkaProperties = std::vector<std::pair<std::string, std::string>>;

/// Throws std::runtime_error with librdkafka's text unless there is no error.
void check(rd_kafka_resp_err_t code, const char* doing);

KafkaClient kafka_client(rd_kafka_type_t type, const std::string& brokers, const KafkaProperties& properties);

/// A Kafka broker on a free port of loopback. Its data is deleted with the object.
class KafkaBroker {
 public:
  /// `jars`: the folder that tools/kafka prints; if empty, SLUICE_KAFKA, or else tools/kafka is asked. The
  /// data folder is made below `parent`.
  KafkaBroker(const std::string& jars, const std::string& parent);

  const std::string& brokers() const { return brokers_; }
  const std::string& version() const { return version_; }
  Usage usage() const { return process_->usage(); }
  void create_topic(const std::string& name, int partitions) const;

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
  std::string brokers_;
  std::string version_;
};

/// Consumes what is written to a topic after its construction, on a thread of its own. Reads committed
/// messages only.
class KafkaReader {
 public:
  KafkaReader(const std::string& brokers, const std::string& topic, int partitions);
  ~KafkaReader();
  KafkaReader(const KafkaReader&) = delete;
  KafkaReader& operator=(const KafkaReader&) = delete;

  std::int64_t read() const { return read_; }
  /// Throws if the consumer failed.
  void expect_no_error() const;
  /// Ends it. Returns the number of different keys.
  std::int64_t different_keys();

 private:
  void consume(const std::stop_token& stop);

  KafkaClient client_;
  KafkaQueue queue_;
  KafkaTopic topic_;
  int partitions_;
  std::vector<std::uint64_t> keys_;  ///< hashes; used by the thread until it has ended
  std::atomic<std::int64_t> read_ = 0;
  std::atomic<rd_kafka_resp_err_t> error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::jthread thread_;
};

}  // namespace storm
