#include "sinks/kafka/exactly_once/positions_topic.hpp"

#include <array>
#include <string_view>
#include <vector>

#include "sinks/kafka/conf.hpp"
#include "sinks/kafka/errors.hpp"
#include "sinks/kafka/raii.hpp"

namespace sluice::sinks::kafka {

namespace {

constexpr int read_poll_ms = 100;

struct ReadMessageDestroyer {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using ReadMessage = std::unique_ptr<rd_kafka_message_t, ReadMessageDestroyer>;

/// Reads one topic from its beginning to its end.
class WholeTopic {
 public:
  WholeTopic(const KafkaConfig& config, Records which, flow::Duration patience,
             const std::atomic<bool>& abandoned)
      : config_(config), which_(which), deadline_(flow::Clock::now() + patience), abandoned_(abandoned) {}
  ~WholeTopic() {
    for (std::int32_t partition = 0; partition < started_; ++partition)
      rd_kafka_consume_stop(topic_.get(), partition);
  }
  WholeTopic(const WholeTopic&) = delete;
  WholeTopic& operator=(const WholeTopic&) = delete;

  std::optional<Error> read(PositionRecords& records) {
    if (auto error = open()) return error;
    if (auto error = start()) return error;
    std::size_t open = ended_.size();
    while (open > 0) {
      if (abandoned_) return Error{ErrorKind::transient, 0, doing() + ": stopping"};
      if (flow::Clock::now() > deadline_) return error_of(last_error_, doing());
      const ReadMessage message(rd_kafka_consume_queue(queue_.get(), read_poll_ms));
      if (!message) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        take(*message, records);
      } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (at_end(*message) && !ended_[message->partition]) {
          ended_[message->partition] = true;
          --open;
        }
      } else {
        last_error_ = message->err;
      }
    }
    return std::nullopt;
  }

 private:
  std::string doing() const { return "the topic " + config_.positions + " cannot be read"; }

  int remaining_ms() const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - flow::Clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(left, 1));
  }

  std::optional<Error> open() {
    auto made = reader_conf(config_);
    if (auto* error = std::get_if<Error>(&made)) return std::move(*error);
    auto& conf = std::get<Conf>(made);
    const char* level = which_ == Records::committed ? "read_committed" : "read_uncommitted";
    rd_kafka_conf_set(conf.get(), "isolation.level", level, nullptr, 0);
    std::array<char, 512> why{};
    client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size()));
    if (!client_) return Error{ErrorKind::unavailable, 0, doing() + ": " + why.data()};
    static_cast<void>(conf.release());
    topic_.reset(rd_kafka_topic_new(client_.get(), config_.positions.c_str(), nullptr));
    if (!topic_) return error_of(rd_kafka_last_error(), doing());
    queue_.reset(rd_kafka_queue_new(client_.get()));
    return std::nullopt;
  }

  std::optional<Error> start() {
    const rd_kafka_metadata_t* got = nullptr;
    const auto code = rd_kafka_metadata(client_.get(), 0, topic_.get(), &got, remaining_ms());
    const Metadata metadata(got);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(code, doing());
    const auto& topic = metadata->topics[0];
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(topic.err, doing());
    ended_.resize(static_cast<std::size_t>(topic.partition_cnt));
    for (; started_ < topic.partition_cnt; ++started_) {
      if (rd_kafka_consume_start_queue(topic_.get(), started_, RD_KAFKA_OFFSET_BEGINNING, queue_.get()) != 0)
        return error_of(rd_kafka_last_error(), doing());
    }
    return std::nullopt;
  }

  /// Committed records end before the first open transaction. The last fetch has also told where all records
  /// end.
  bool at_end(const rd_kafka_message_t& eof) const {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto code =
        rd_kafka_get_watermark_offsets(client_.get(), config_.positions.c_str(), eof.partition, &low, &high);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR && eof.offset >= high;
  }

  static void take(const rd_kafka_message_t& message, PositionRecords& records) {
    const std::string key(static_cast<const char*>(message.key), message.key_len);
    if (message.payload == nullptr) {
      records.erase(key);
    } else if (auto record =
                   PositionRecord::parse({static_cast<const char*>(message.payload), message.len})) {
      records[key] = std::move(*record);
    }
  }

  const KafkaConfig& config_;
  const Records which_;
  const flow::Time deadline_;
  const std::atomic<bool>& abandoned_;
  Client client_;
  Topic topic_;
  Queue queue_;
  std::int32_t started_ = 0;
  std::vector<bool> ended_;  ///< by partition
  rd_kafka_resp_err_t last_error_ = RD_KAFKA_RESP_ERR__TIMED_OUT;
};

}  // namespace

TopicShape positions_shape() {
  TopicShape shape;
  shape.create = true;
  shape.partitions = 1;
  shape.config = {
      {"cleanup.policy", "compact"}, {"segment.bytes", "8388608"}, {"min.cleanable.dirty.ratio", "0.1"}};
  return shape;
}

std::optional<Error> read_positions(const KafkaConfig& config, Records which, flow::Duration patience,
                                    const std::atomic<bool>& abandoned, PositionRecords& records) {
  records.clear();
  return WholeTopic(config, which, patience, abandoned).read(records);
}

}  // namespace sluice::sinks::kafka
