#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "core/custom_plan.hpp"
#include "sinks/delivered.hpp"
#include "sinks/outlet.hpp"

namespace sluice::sinks {

/// Delivers to sinks that the user wrote (sluice/sink.hpp), and guards against their mistakes: an exception
/// counts as a failed attempt. When a batch is retried, messages that the sink reported as delivered are not
/// sent again.
class CustomOutlet final : public Outlet {
 public:
  explicit CustomOutlet(const OutletParts& parts);

  /// Whether the plan is for a custom sink.
  static bool is_for(const DeliveryPlan& plan);

  using Outlet::takes;
  bool takes(const DeliveryPlan& plan) const override;
  std::string server_of(const DeliveryPlan& plan) const override;
  std::optional<Error> prepare() override;
  Outcome send(const Batch& batch) override;
  void abandon() override { stop_.request_stop(); }

 private:
  struct Receiver {
    const CustomPlan* plan;
    bool open = false;  ///< protected by opening_
  };

  std::optional<Error> open(Receiver& receiver, std::optional<std::chrono::milliseconds>& wait);
  /// Sends the batch's messages at `indices` to the receiver. Appends the indices of those delivered to
  /// `sent`. On failure sets the error and related fields of `outcome`.
  void send_to(Receiver& receiver, const Batch& batch, const std::vector<std::size_t>& indices,
               std::vector<std::size_t>& sent, Outcome& outcome);
  Delivered& delivered_by(const std::string& lane);

  const std::function<void(bool, const std::string&)> say_;
  std::vector<Receiver> receivers_;
  std::stop_source stop_;
  std::mutex opening_;                          ///< never held while a message is sent
  std::mutex mutex_;                            ///< locked once for each batch
  std::map<std::string, Delivered> delivered_;  ///< by lane
};

}  // namespace sluice::sinks
