#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "sluice/config.hpp"

namespace sluice::sinks {

/// A sink outside MongoDB. It cannot take part in a transaction, so messages may be sent again after a crash:
/// each has an id by which the receiver drops duplicates. send() is called on the blocking threads, at the
/// same time for different lanes.
class Outlet {
 public:
  virtual ~Outlet() = default;

  virtual bool takes(const DeliveryPlan& plan) const = 0;
  bool takes(const Write& write) const {
    const auto* delivery = std::get_if<DeliverWrite>(&write);
    return delivery != nullptr && takes(*delivery->plan);
  }

  /// The server that receives the plan's messages, without secrets. The outlet must take the plan.
  virtual std::string server_of(const DeliveryPlan& plan) const = 0;

  /// Connects to the server and creates what is missing there. Called before the first batch, and again after
  /// errors.
  virtual std::optional<Error> prepare() = 0;

  /// Sends all writes of the batch that this outlet takes, or returns an error. What was sent before the
  /// error is not sent again when the lane repeats the same writes.
  virtual Outcome send(const Batch& batch) = 0;

  /// Ends all calls of send() that wait for the server, and all later ones, with ErrorKind::transient.
  /// Whoever continues the stream sends their messages again with the same ids. Called at the end of a drain;
  /// cannot be undone. Thread-safe; does not block.
  virtual void abandon() = 0;

  /// Roughly how many bytes send() holds in memory at once (see BatchSink). By default, all messages of the
  /// batch, rendered.
  virtual std::size_t bytes_while_sending(const Batch& batch) const;
};

/// The error of a send() that was abandoned. `where`: the server.
Error abandoned_error(const std::string& where);

/// A message exists three times while it is sent: rendered, in a command or request, and in the client
/// library's copy.
constexpr std::size_t copies_while_sending = 3;

/// The size of what a write sends, in bytes; 0 for writes that are always small.
std::size_t bytes_of(const Write& write);

class WebServices;

/// The results of a batch's requests to one web service.
struct RequestReport {
  std::string_view endpoint;
  std::size_t ok = 0;
  std::size_t retried = 0;
  std::size_t refused = 0;      ///< refused and not sent again
  std::vector<double> seconds;  ///< duration of each request
  bool open = false;            ///< the circuit breaker is open: no requests are sent for now
};

/// What outlets are made from, and the callbacks they report to.
struct OutletParts {
  const Config& config;
  std::vector<const DeliveryPlan*> deliveries;
  std::function<void(bool loud, const std::string&)> say = [](bool, const std::string&) {};
  std::function<void(std::size_t)> duplicates = [](std::size_t) {
  };  ///< how many messages the receiver dropped as duplicates
  std::function<void(const RequestReport&)> requests = [](const RequestReport&) {};
  /// Web services shared with other streams; null: the outlet makes its own.
  std::shared_ptr<WebServices> services = {};
  /// The messages are old (dead letters, a replay): newer ones may have been sent before them.
  bool late = false;
};

/// The plans of one kind of sink, cast to their own type.
template <typename Plan>
std::vector<const Plan*> plans_of(const OutletParts& parts) {
  std::vector<const Plan*> plans;
  for (const DeliveryPlan* plan : parts.deliveries) {
    if (plan->sink() == Plan::sink_name) plans.push_back(static_cast<const Plan*>(plan));
  }
  return plans;
}

/// Makes the outlets that the plans need.
std::vector<std::unique_ptr<Outlet>> make_outlets(const OutletParts& parts);

/// An outlet that could not be prepared: its server and the error.
struct Unprepared {
  std::string server;
  Error error;
};

/// Prepares the outlets one after the other, up to the first that fails. `deliveries`: the plans they were
/// made for.
std::optional<Unprepared> prepare_all(const std::vector<std::unique_ptr<Outlet>>& outlets,
                                      const std::vector<const DeliveryPlan*>& deliveries);

/// The server that receives the plan's messages; "" if no outlet takes the plan.
std::string server_of(const std::vector<std::unique_ptr<Outlet>>& outlets, const DeliveryPlan& plan);

}  // namespace sluice::sinks
