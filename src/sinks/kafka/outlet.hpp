#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/kafka_plan.hpp"
#include "flow/patience.hpp"
#include "sinks/delivered.hpp"
#include "sinks/kafka/batch_limits.hpp"
#include "sinks/kafka/exactly_once/position_record.hpp"
#include "sinks/kafka/exactly_once/sent_before.hpp"
#include "sinks/kafka/producer.hpp"
#include "sinks/kafka/reports.hpp"
#include "sinks/outlet.hpp"

namespace sluice::sinks {

/// Publishes to Kafka. Gives all messages of a batch to librdkafka, which sends them again for as long as it
/// takes, and waits for their delivery reports. If none comes for a while, the lane is told that the brokers
/// are down; its messages stay with librdkafka, and the next attempt waits for them before it sends anything
/// else. A message that fails ends the attempt: the lane sends nothing more until the reports of all that it
/// sent have come, and then goes on from the first that failed.
///
/// With exactly_once each lane has a transactional producer of its own: see exactly_once/. Dead letters and
/// replays are published without transactions.
class Kafka final : public Outlet {
 public:
  explicit Kafka(const OutletParts& parts);
  ~Kafka() override;

  using Outlet::takes;
  bool takes(const DeliveryPlan& plan) const override { return plan.sink() == KafkaPlan::sink_name; }
  std::string server_of(const DeliveryPlan&) const override { return config_.shown_url(); }
  std::optional<Error> prepare() override;
  Outcome send(const Batch& batch) override;
  void abandon() override { abandoned_ = true; }

 private:
  class Attempt;
  class Transaction;

  /// A message of an earlier attempt whose flight has not landed.
  struct Left {
    MessageKey message;
    std::uint64_t key;
  };
  /// What a lane keeps from one attempt to the next. Used by one thread at a time.
  struct Lane {
    std::string name;
    kafka::Reports reports;
    Delivered delivered;
    std::vector<Left> left;  ///< in the order of the reports' slots; empty: it has landed
    /// Of the flight that has not landed; with exactly_once the lane's own.
    std::shared_ptr<kafka::Producer> producer;
    kafka::PositionRecord
        position;  ///< with exactly_once, while it has a producer: how far the lane has come
  };

  std::string where() const { return "Kafka at " + config_.brokers; }
  Lane& lane_of(const std::string& name);
  std::variant<std::shared_ptr<kafka::Producer>, Error> producer();
  void retire_if_refused(kafka::Producer& producer) const;
  std::optional<Error> ensure_topic(kafka::Producer& producer, const TopicShape& shape,
                                    const std::string& name);
  std::optional<Error> ensure_topics(kafka::Producer& producer);
  void forget_topics();
  std::optional<Error> take_shard(const kafka::LaneName& name, std::int64_t epoch,
                                  std::shared_ptr<const kafka::SentByOthers>& others);
  std::shared_ptr<const kafka::SentByOthers> sent_by_others();
  void forget_shard();
  kafka::Batching batching();
  bool refused_alone(const Lane& lane, const kafka::Batching& batching);
  void committed(const Lane& lane, const kafka::Batching& batching);

  const KafkaConfig config_;
  const std::function<void(bool, const std::string&)> say_;
  const std::vector<const KafkaPlan*> plans_;
  const bool exactly_once_;
  std::atomic<bool> abandoned_ = false;
  std::mutex mutex_;                           ///< locked a few times for each batch
  std::map<std::string, Lane> lanes_;          ///< protected by mutex_; the lanes themselves are not
  kafka::BatchLimits limits_;                  ///< protected by mutex_
  std::set<std::string> known_;                ///< topics that exist; protected by mutex_
  std::shared_ptr<kafka::Producer> producer_;  ///< protected by mutex_
  std::mutex taking_;                          ///< held while the shard is taken
  /// Set when the shard has been taken; protected by mutex_.
  std::shared_ptr<const kafka::SentByOthers> others_;
};

}  // namespace sluice::sinks
