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

/// A sink outside MongoDB. It cannot take part in a transaction, so what it is sent may be sent again after a
/// crash: each message carries an id by which the receiver drops duplicates. send() is called on the blocking
/// threads, for different lanes at the same time.
class Outlet {
 public:
  virtual ~Outlet() = default;

  virtual bool takes(const DeliveryPlan& plan) const = 0;
  bool takes(const Write& write) const {
    const auto* delivery = std::get_if<DeliverWrite>(&write);
    return delivery != nullptr && takes(*delivery->plan);
  }

  /// The server that the plan's messages go to, as it may be shown. For a plan that it takes.
  virtual std::string server_of(const DeliveryPlan& plan) const = 0;

  /// Connects, and brings the server into shape. Before the first batch; again after errors.
  virtual std::optional<Error> prepare() = 0;

  /// All of the batch's writes that it takes, or an error. What was done before the error counts as done when
  /// the lane comes again with the same writes.
  virtual Outcome send(const Batch& batch) = 0;

  /// Ends all calls of send() that wait for the server, and those that are yet to come, with
  /// ErrorKind::transient: their messages are sent again, under the same ids, by whoever comes next. For the
  /// end of a drain; there is no way back. Thread-safe, does not block.
  virtual void abandon() = 0;

  /// About how many bytes send() has in memory at once (see BatchSink). Usually it renders all its messages
  /// of a batch before it sends them.
  virtual std::size_t bytes_while_sending(const Batch& batch) const;
};

/// What a send() that was abandoned ends with. `where`: the server.
Error abandoned_error(const std::string& where);

/// A message is rendered, put into a command or a request, and copied by the client library.
constexpr std::size_t copies_while_sending = 3;

/// Of one message, or of what else a write sends; 0 where it is small by its nature.
std::size_t bytes_of(const Write& write);

class WebServices;

/// How the requests of one batch to one web service ended.
struct RequestReport {
  std::string_view endpoint;
  std::size_t ok = 0;
  std::size_t retried = 0;
  std::size_t refused = 0;      ///< for good
  std::vector<double> seconds;  ///< that each took
  bool open = false;            ///< the service is given up for now
};

/// What an outlet needs to know, and whom it tells.
struct OutletParts {
  const Config& config;
  std::vector<const DeliveryPlan*> deliveries;
  std::function<void(bool loud, const std::string&)> say = [](bool, const std::string&) {};
  std::function<void(std::size_t)> duplicates = [](std::size_t) {
  };  ///< so many messages were known to the receiver already
  std::function<void(const RequestReport&)> requests = [](const RequestReport&) {};
  /// Those that others call, too; null: its own.
  std::shared_ptr<WebServices> services = {};
  /// What is sent is of the past (dead letters, a replay), and may be behind what was sent already.
  bool late = false;
};

/// Those of the plans that are for one sink, as its own.
template <typename Plan>
std::vector<const Plan*> plans_of(const OutletParts& parts) {
  std::vector<const Plan*> plans;
  for (const DeliveryPlan* plan : parts.deliveries) {
    if (plan->sink() == Plan::sink_name) plans.push_back(static_cast<const Plan*>(plan));
  }
  return plans;
}

/// The outlets that the plans need.
std::vector<std::unique_ptr<Outlet>> make_outlets(const OutletParts& parts);

/// An outlet that could not be prepared: its server, and why.
struct Unprepared {
  std::string server;
  Error error;
};

/// Prepares them one after the other, up to the first that cannot be. `deliveries` are what they were made
/// for.
std::optional<Unprepared> prepare_all(const std::vector<std::unique_ptr<Outlet>>& outlets,
                                      const std::vector<const DeliveryPlan*>& deliveries);

/// The server that takes the plan's messages; "" where none of the outlets does.
std::string server_of(const std::vector<std::unique_ptr<Outlet>>& outlets, const DeliveryPlan& plan);

}  // namespace sluice::sinks
