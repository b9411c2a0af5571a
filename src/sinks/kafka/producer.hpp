#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "sinks/kafka/batch_limits.hpp"
#include "sinks/kafka/raii.hpp"
#include "sinks/kafka/reports.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::kafka {

/// A message for Kafka. The views need to be valid only during Producer::send().
struct Record {
  std::string_view key;      ///< no data: the message has no key
  std::string_view value;    ///< no data: a tombstone
  std::string_view headers;  ///< lines of `name: value`
};

/// An idempotent producer of librdkafka. It connects in the background and sends messages again for as long
/// as it lives, in their order. It ends with its first fatal error, after which another producer is needed.
/// Thread-safe.
class Producer {
 public:
  /// Does not wait for a connection. Reads secrets from their files. The error is ErrorKind::fatal if the
  /// configuration cannot be used.
  static std::variant<std::shared_ptr<Producer>, Error> open(const KafkaConfig& config,
                                                             const Batching& batching,
                                                             const std::string& transactional_id = "");

  /// Discards what is not delivered, without a report.
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// Gives a message to librdkafka, which copies it. The report goes to `slot`, unless an error is returned.
  rd_kafka_resp_err_t send(rd_kafka_topic_t* topic, const Record& record, Reports::Slot* slot);

  /// The handle of a topic, valid as long as the producer. Null if the name is not possible.
  rd_kafka_topic_t* topic(const std::string& name);

  /// Keeps the reports until the producer has ended, so that a report that comes late finds its slot.
  void keep(std::shared_ptr<Reports> reports);

  /// Waits until a broker answers. Blocks for up to `patience`.
  rd_kafka_resp_err_t reach(flow::Duration patience) const;
  /// Asks the brokers for the topic, so that librdkafka knows a topic again that was created anew. Blocks for
  /// up to `patience`.
  void look_up(const std::string& topic, flow::Duration patience);

  /// Steps of a transactional producer. Each blocks for up to `patience`. After RD_KAFKA_RESP_ERR__TIMED_OUT
  /// the same step can be repeated, and goes on. begin() fences earlier producers of the same id, and ends
  /// their transactions; it is the first step.
  rd_kafka_resp_err_t begin(flow::Duration patience);
  rd_kafka_resp_err_t begin_transaction();
  rd_kafka_resp_err_t commit_transaction(flow::Duration patience);
  rd_kafka_resp_err_t abort_transaction(flow::Duration patience);

  /// Makes librdkafka report the messages as failed that are not on their way to a broker.
  void purge_queue() const;
  /// The same for all messages that it still has. The broker may store some of them all the same.
  void purge() const;

  /// It has ended with a fatal error.
  bool fatal() const { return rd_kafka_fatal_error(client_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR; }
  /// It sends nothing more: fatal, or retired.
  bool ended() const { return retired_ || fatal(); }
  /// Another producer takes its place.
  void retire() { retired_ = true; }
  /// The last thing the brokers said is that they refuse the log-in.
  bool log_in_refused() const;
  /// Why a broker refused a request, if that was the fatal error and concerned the topic: the messages of the
  /// request are then reported with ERR__GAPLESS_GUARANTEE, which does not say why.
  rd_kafka_resp_err_t refusal(std::string_view topic) const;
  /// No broker can be reached, or they refuse the log-in. Ends with the next acknowledgement.
  bool in_trouble() const { return trouble_; }
  /// The error to report while nothing is acknowledged: the last one that librdkafka reported.
  Error complaint(const std::string& doing) const;

  const Batching& batching() const { return batching_; }
  rd_kafka_t* get() const { return client_.get(); }

 private:
  explicit Producer(const Batching& batching) : batching_(batching) {}
  void serve(const std::stop_token& stop) noexcept;
  void handle(rd_kafka_event_t* event) noexcept;
  void over() noexcept;
  rd_kafka_resp_err_t result_of(rd_kafka_error_t* owned);
  void on_error(rd_kafka_event_t* event) noexcept;

  const Batching batching_;
  std::atomic<bool> trouble_ = false;
  std::atomic<bool> retired_ = false;
  mutable std::mutex mutex_;
  rd_kafka_resp_err_t last_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;  ///< protected by mutex_
  std::string last_text_;                                        ///< protected by mutex_
  std::vector<std::shared_ptr<Reports>> kept_;  ///< protected by mutex_; destroyed after the client
  Client client_;
  Queue events_;
  std::map<std::string, Topic, std::less<>> topics_;  ///< protected by mutex_; destroyed before the client
  std::jthread thread_;
};

}  // namespace sluice::sinks::kafka
