#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/webhook_plan.hpp"
#include "sinks/delivered.hpp"
#include "sinks/outlet.hpp"
#include "sinks/webhook/fate.hpp"
#include "sinks/webhook/web_services.hpp"

namespace sluice::sinks {

/// Sends requests to web services, many of a batch at a time, but one at a time for each document. A message
/// that was accepted is not sent again when its batch is retried; one that is sent again has the same
/// Idempotency-Key.
class Webhook final : public Outlet {
 public:
  explicit Webhook(const OutletParts& parts);

  using Outlet::takes;
  bool takes(const DeliveryPlan& plan) const override { return plan.sink() == WebhookPlan::sink_name; }
  std::string server_of(const DeliveryPlan& plan) const override;
  std::optional<Error> prepare() override;
  Outcome send(const Batch& batch) override;
  void abandon() override;

 private:
  struct Target {
    std::shared_ptr<WebService> service;
    std::string secret;
  };
  template <typename Value>
  using ByMessage = std::unordered_map<MessageKey, Value, MessageKey::Hash, MessageKey::Equal>;
  /// The state of a lane that is kept between batches and between attempts.
  struct Lane {
    Delivered delivered;
    ByMessage<FailedAttempts> attempts;  ///< only for messages with a limit on attempts
    /// Messages of requests that were refused as a whole.
    std::unordered_set<MessageKey, MessageKey::Hash, MessageKey::Equal> alone;
    ByMessage<Error>
        refused;  ///< refused messages that are not reported yet, because one is reported at a time
    std::string texts;
    std::vector<sinks::webhook::Request> requests;
    std::vector<sinks::webhook::Answer> answers;
  };
  class Delivery;

  std::optional<Error> open();
  std::optional<Error> open_all();
  Lane& lane_of(const std::string& id);

  const std::function<void(const RequestReport&)> report_;
  const std::shared_ptr<WebServices> services_;
  const std::vector<const WebhookPlan*> plans_;
  std::stop_source stop_;
  std::mutex mutex_;  ///< taken once for each batch
  bool open_ = false;
  std::map<const WebhookPlan*, Target> targets_;
  std::map<std::string, Lane> lanes_;
};

/// For a check: whether a plan's service accepts connections and its secret can be read. Returns
/// ErrorKind::fatal if retrying does not help. Sends nothing.
std::optional<Error> try_service(const WebhookPlan& plan);

}  // namespace sluice::sinks
