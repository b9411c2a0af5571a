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

/// Hands changes to a function of the program: starts its coroutines on the program's executor, of each
/// document one after the other, and waits for them on the lane's blocking thread.
///
/// send() comes back after a moment with what has returned by then, while the others go on: so the position
/// moves, and the lane brings what has come meanwhile. A coroutine that is under way when the stream ends
/// goes on by itself; what it shares with us lives as long as it does.
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
  std::mutex mutex_;  ///< taken once a batch
  std::map<std::string, std::unique_ptr<Lane>> lanes_;
  bool abandoned_ = false;  ///< behind the handler's mutex
};

}  // namespace sluice::sinks
