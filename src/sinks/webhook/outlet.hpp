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
#include "sinks/refusals.hpp"
#include "sinks/webhook/fate.hpp"
#include "sinks/webhook/web_services.hpp"

namespace sluice::sinks {

/// Sends requests to web services. Many requests of a batch are in flight at the same time, but only one for
/// each document. When a batch is retried, requests that succeeded are not sent again; the others are sent
/// with the same Idempotency-Key.
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
  /// A lane's state between batches and between attempts.
  struct Lane {
    Delivered delivered;
    ByMessage<FailedAttempts> attempts;  ///< only for failures whose number is limited
    /// Messages of requests that were refused as a whole. Each is sent in a request of its own.
    std::unordered_set<MessageKey, MessageKey::Hash, MessageKey::Equal> alone;
    Refusals refused;
    std::string texts;
    std::vector<sinks::http::Request> requests;
    std::vector<sinks::http::Answer> answers;
  };
  class Delivery;

  std::optional<Error> open();
  std::optional<Error> open_all();
  Lane& lane_of(const std::string& id);

  const std::function<void(const RequestReport&)> report_;
  const std::shared_ptr<WebServices> services_;
  const std::vector<const WebhookPlan*> plans_;
  std::stop_source stop_;
  std::mutex mutex_;  ///< locked twice for each batch
  bool open_ = false;
  std::map<const WebhookPlan*, Target> targets_;
  std::map<std::string, Lane> lanes_;
};

/// For `check`: whether the plan's service accepts connections and the signing secret can be read. Returns
/// ErrorKind::fatal if waiting does not help. Sends no request.
std::optional<Error> try_service(const WebhookPlan& plan);

}  // namespace sluice::sinks
