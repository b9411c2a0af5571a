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

/// Passes changes to a function of the program. Starts its coroutines on the program's executor, one at a
/// time for each document, and waits for them on the lane's blocking thread.
///
/// send() returns after a short wait, even if some calls are still running. So the position can advance, and
/// the lane can add newly queued changes. A coroutine that is still running when the stream ends continues by
/// itself; the state that it shares with the outlet lives as long as it does.
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
  std::mutex mutex_;  ///< taken once for each batch
  std::map<std::string, std::unique_ptr<Lane>> lanes_;
  bool abandoned_ = false;  ///< behind the handler's mutex
};

}  // namespace sluice::sinks
