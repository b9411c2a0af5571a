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

/// A sink outside MongoDB. It cannot take part in a transaction, so after a crash messages may be sent again:
/// each message carries an id by which the receiver drops duplicates. send() is called on the blocking
/// threads, for different lanes at the same time.
class Outlet {
 public:
  virtual ~Outlet() = default;

  virtual bool takes(const DeliveryPlan& plan) const = 0;
  bool takes(const Write& write) const {
    const auto* delivery = std::get_if<DeliverWrite>(&write);
    return delivery != nullptr && takes(*delivery->plan);
  }

  /// The server that receives the plan's messages, without secrets, for logs and errors. Only for plans that
  /// this outlet takes.
  virtual std::string server_of(const DeliveryPlan& plan) const = 0;

  /// Connects, and creates or checks what the outlet needs on the server. Called before the first batch, and
  /// again after it returned an error.
  virtual std::optional<Error> prepare() = 0;

  /// Sends all of the batch's writes that this outlet takes, or returns an error. Writes that were sent
  /// before the error are not sent again when the lane retries the batch.
  virtual Outcome send(const Batch& batch) = 0;

  /// Ends all waiting calls of send(), and all later ones, with ErrorKind::transient. The next run of the
  /// stream sends their messages again, under the same ids. Called at the end of a drain; the outlet cannot
  /// be used again. Thread-safe, does not block.
  virtual void abandon() = 0;

  /// About how many bytes send() needs in memory at once (see BatchSink). The default assumes that it renders
  /// all its messages of the batch before it sends them.
  virtual std::size_t bytes_while_sending(const Batch& batch) const;
};

/// The error that an abandoned send() returns. `where` is the server.
Error abandoned_error(const std::string& where);

/// A message is in memory three times while it is sent: rendered, in a command or request, and as the client
/// library's copy.
constexpr std::size_t copies_while_sending = 3;

/// Size of the message, document or dead letter that a write sends. 0 for writes that are always small.
std::size_t bytes_of(const Write& write);

class WebServices;

/// How the requests of one batch to one web service ended.
struct RequestReport {
  std::string_view endpoint;
  std::size_t ok = 0;
  std::size_t retried = 0;
  std::size_t refused = 0;      ///< not retried
  std::vector<double> seconds;  ///< duration of each request
  bool open = false;            ///< the service's circuit breaker is open
};

/// What an outlet is made from: the configuration, its plans, and the callbacks for what it reports.
struct OutletParts {
  const Config& config;
  std::vector<const DeliveryPlan*> deliveries;
  /// Logs a line: a warning if `loud`, otherwise information.
  std::function<void(bool loud, const std::string&)> say = [](bool, const std::string&) {};
  /// Reports how many messages the receiver dropped as duplicates.
  std::function<void(std::size_t)> duplicates = [](std::size_t) {};
  std::function<void(const RequestReport&)> requests = [](const RequestReport&) {};
  /// The web services shared with the process's other streams. If null, the outlet makes its own.
  std::shared_ptr<WebServices> services = {};
  /// The messages are of past events (dead letters, a replay). Newer ones may have been sent already.
  bool late = false;
};

/// The plans of one sink, cast to its plan type.
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

/// Prepares the outlets one after the other and stops at the first error. `deliveries` are the plans that the
/// outlets were made for.
std::optional<Unprepared> prepare_all(const std::vector<std::unique_ptr<Outlet>>& outlets,
                                      const std::vector<const DeliveryPlan*>& deliveries);

/// The server that receives the plan's messages; "" if no outlet takes the plan.
std::string server_of(const std::vector<std::unique_ptr<Outlet>>& outlets, const DeliveryPlan& plan);

}  // namespace sluice::sinks
