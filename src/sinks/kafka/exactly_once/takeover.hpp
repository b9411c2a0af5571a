#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <variant>

#include "flow/time.hpp"
#include "sinks/kafka/batch_limits.hpp"
#include "sinks/kafka/exactly_once/lane_name.hpp"
#include "sinks/kafka/exactly_once/position_record.hpp"
#include "sinks/kafka/exactly_once/positions_topic.hpp"
#include "sinks/kafka/producer.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::kafka {

/// The steps by which a worker comes to own the lanes of its shard in Kafka. All block.
class Takeover {
 public:
  Takeover(const KafkaConfig& config, const std::atomic<bool>& abandoned)
      : config_(config), abandoned_(abandoned) {}

  /// Announces the layout of `own` and then fences the lanes of all other layouts that may write messages of
  /// this shard's documents. From then on they never write again, and `records` holds where they ended.
  /// `plain` is a producer without transactions. ErrorKind::fenced if a worker with a newer lease has done
  /// the same.
  std::optional<Error> take_shard(Producer& plain, const LaneName& own, std::int64_t epoch,
                                  PositionRecords& records) const;

  /// Opens the producer of one lane, which fences earlier ones, and reads where the lane ended.
  /// ErrorKind::fenced if a worker with a newer lease owns the shard.
  std::variant<std::shared_ptr<Producer>, Error> take_lane(const LaneName& name, std::int64_t epoch,
                                                           const Batching& batching,
                                                           PositionRecord& position) const;

 private:
  flow::Duration patience() const { return std::chrono::milliseconds(config_.ack_ms); }
  std::string transactional_id(const LaneName& name) const { return config_.positions + "/" + name.id(); }
  std::variant<std::shared_ptr<Producer>, Error> fence(const LaneName& name, const Batching& batching) const;
  std::optional<Error> read(const LaneName& own, std::int64_t epoch, Records which,
                            PositionRecords& records) const;
  std::optional<Error> end_transactions(const LaneName& own, const PositionRecords& records) const;
  std::optional<Error> close(const LaneName& own, const LaneName& other, std::int64_t epoch) const;
  std::optional<Error> write(Producer& producer, const std::string& key, const PositionRecord& record) const;
  std::optional<Error> until_done(Producer& producer, const std::string& doing,
                                  const std::function<rd_kafka_resp_err_t()>& step) const;

  const KafkaConfig& config_;
  const std::atomic<bool>& abandoned_;
};

}  // namespace sluice::sinks::kafka
