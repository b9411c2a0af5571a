#pragma once

#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/handler_plan.hpp"
#include "flow/keyed_calls.hpp"
#include "sinks/handler/registered_handler.hpp"
#include "sinks/outlet.hpp"

namespace sluice::sinks {

/// Passes changes to a function of the program. Starts its coroutines on the program's executor, for each
/// document one after the other, and waits for them on the lane's blocking thread.
///
/// send() returns after 25 ms at most, even if some coroutines still run: so the position advances, and the
/// lane can add messages that were queued meanwhile. A coroutine that runs when the stream ends continues by
/// itself; the data that it shares with this object lives as long as the coroutine.
class Handlers final : public Outlet {
 public:
  explicit Handlers(const OutletParts& parts);
  ~Handlers() override;

  using Outlet::takes;
  bool takes(const DeliveryPlan& plan) const override { return plan.sink() == HandlerPlan::sink_name; }
  std::string server_of(const DeliveryPlan& plan) const override;
  std::optional<Error> prepare() override { return std::nullopt; }
  Outcome send(const Batch& batch) override;
  void abandon() override;

 private:
  class Lane;

  Lane& lane_of(const std::string& id);

  const std::function<void(bool loud, const std::string&)> say_;
  const std::shared_ptr<RegisteredHandler> handler_;
  std::mutex mutex_;  ///< locked once for each batch
  std::map<std::string, std::unique_ptr<Lane>> lanes_;
  bool abandoned_ = false;  ///< protected by the handler's mutex
};

}  // namespace sluice::sinks
