#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/aws_plan.hpp"
#include "sinks/aws/targets.hpp"
#include "sinks/delivered.hpp"
#include "sinks/outlet.hpp"
#include "sinks/refusals.hpp"

namespace sluice::sinks {

/// Publishes to SQS FIFO queues, SNS FIFO topics and EventBridge buses, in batch requests over several
/// connections. Of each message group only one message is in flight, so a failure stops its group alone, and
/// the order of a group is kept. What is sent again has the same deduplication id.
class Aws final : public Outlet {
 public:
  explicit Aws(const OutletParts& parts);

  using Outlet::takes;
  bool takes(const DeliveryPlan& plan) const override { return plan.sink() == AwsPlan::sink_name; }
  std::string server_of(const DeliveryPlan& plan) const override;
  std::optional<Error> prepare() override;
  Outcome send(const Batch& batch) override;
  void abandon() override { stop_.request_stop(); }
  std::size_t bytes_while_sending(const Batch& batch) const override;

 private:
  class Attempt;

  /// A lane's state between batches and between attempts. Used by one thread at a time.
  struct Lane {
    Delivered delivered;
    Refusals refused;
    /// Messages of requests that were refused as a whole. Each is sent in a request of its own.
    std::unordered_set<MessageKey, MessageKey::Hash, MessageKey::Equal> alone;
    std::string bodies;  ///< the rendered messages of the batch
  };

  Lane& lane_of(const std::string& name);
  std::optional<Error> look_at(const AwsPlan& plan);

  const AwsConfig config_;
  const std::function<void(bool, const std::string&)> say_;
  const std::vector<const AwsPlan*> plans_;
  aws::Targets targets_;
  std::stop_source stop_;
  std::mutex mutex_;                   ///< locked once for each batch
  std::map<std::string, Lane> lanes_;  ///< protected by mutex_; the lanes themselves are not
};

}  // namespace sluice::sinks
