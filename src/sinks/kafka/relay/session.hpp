#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "flow/time.hpp"
#include "sinks/kafka/raii.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::kafka {

struct MessageDestroyer {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using Message = std::unique_ptr<rd_kafka_message_t, MessageDestroyer>;

/// A consumer of one topic, for any number of its partitions. It connects in the background, and again after
/// every loss. Thread-safe.
class RelaySession {
 public:
  struct Limits {
    int wait_ms;        ///< how long a broker waits for a record before it answers
    int prefetched_kb;  ///< of each partition, at most
  };

  /// Does not wait for a connection. Reads secrets from their files.
  static std::optional<Error> open(const KafkaConfig& config, const std::string& topic, const Limits& limits,
                                   std::shared_ptr<RelaySession>& made);

  /// The oldest offset of a partition, and the one behind the newest. Blocks for up to `patience`.
  std::optional<Error> offsets(int partition, flow::Duration patience, std::int64_t& first,
                               std::int64_t& end);
  /// The offset behind the newest, as a broker last reported it. 0: not known.
  std::int64_t known_end(int partition) const;

  /// How often it happened that no broker could be reached, or that the brokers refused access.
  std::uint64_t losses();
  /// The brokers refuse the user. The password is read when a session is opened, so another one may succeed.
  bool log_in_refused();
  /// The reason that librdkafka gave last.
  Error complaint();
  /// The error for a request that ended with `code` because no broker answered.
  Error unreachable(rd_kafka_resp_err_t code);

  rd_kafka_t* client() const { return client_.get(); }
  rd_kafka_topic_t* topic() const { return handle_.get(); }

 private:
  RelaySession(std::string brokers, std::string topic)
      : brokers_(std::move(brokers)), topic_(std::move(topic)) {}

  const std::string brokers_;
  const std::string topic_;
  Client client_;
  Topic handle_;
  Queue events_;
  std::mutex mutex_;
  std::uint64_t losses_ = 0;                                     ///< protected by mutex_
  rd_kafka_resp_err_t last_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;  ///< protected by mutex_
  std::string last_text_;                                        ///< protected by mutex_
};

/// Reads one partition from an offset on. A session can read a partition only once at a time. Blocks; used by
/// one thread.
class PartitionMessages {
 public:
  PartitionMessages(std::shared_ptr<RelaySession> session, int partition)
      : session_(std::move(session)), partition_(partition), queue_(rd_kafka_queue_new(session_->client())) {}
  ~PartitionMessages();
  PartitionMessages(const PartitionMessages&) = delete;
  PartitionMessages& operator=(const PartitionMessages&) = delete;

  std::optional<Error> start(std::int64_t offset);
  /// Null if none came. A message may be an error, and RD_KAFKA_RESP_ERR__PARTITION_EOF at the end.
  Message next(std::chrono::milliseconds wait) const;
  RelaySession& session() const { return *session_; }

 private:
  const std::shared_ptr<RelaySession> session_;
  const int partition_;
  bool started_ = false;
  Queue queue_;
};

}  // namespace sluice::sinks::kafka
