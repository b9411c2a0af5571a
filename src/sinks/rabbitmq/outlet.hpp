#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/rabbit_plan.hpp"
#include "sinks/delivered.hpp"
#include "sinks/outlet.hpp"
#include "sinks/rabbitmq/connection.hpp"
#include "sinks/rabbitmq/flight.hpp"

namespace sluice::sinks {

/// Publishes to RabbitMQ with confirmations. Each lane has a channel of its own on one connection. It sends
/// the messages of a batch without waiting between them, except that of each key only one is in flight, and
/// waits for their confirmations. If none comes for a while, the lane is told that the broker is down; what
/// is in flight stays there, and the next attempt waits for it before it sends anything else. What the broker
/// rejects, and what was in flight when a connection is lost, is sent again under the same id.
class RabbitMq final : public Outlet {
 public:
  explicit RabbitMq(const OutletParts& parts);

  using Outlet::takes;
  bool takes(const DeliveryPlan& plan) const override { return plan.sink() == RabbitPlan::sink_name; }
  std::string server_of(const DeliveryPlan&) const override { return config_.shown_url(); }
  std::optional<Error> prepare() override;
  Outcome send(const Batch& batch) override;
  void abandon() override { abandoned_ = true; }
  /// Messages are rendered one by one, into the connection's buffer, which is limited.
  std::size_t bytes_while_sending(const Batch& batch) const override;

 private:
  class Attempt;

  /// A message of an earlier attempt whose flight has not landed.
  struct Left {
    MessageKey message;
    std::string exchange;
    std::string routing_key;
  };
  /// What a lane keeps from one attempt to the next. Used by one thread at a time.
  struct Lane {
    Delivered delivered;
    std::unique_ptr<rabbitmq::Channel> channel;
    std::uint64_t published = 0;             ///< on this channel, all of them confirmed
    std::optional<rabbitmq::Flight> flight;  ///< of an earlier attempt that has not landed
    std::vector<Left> left;                  ///< its messages
    flow::Time confirmed_at{};               ///< the last confirmation of its messages, or when it was left
    /// Messages that no queue takes and that are not reported yet: one message is reported for each attempt.
    std::unordered_map<MessageKey, Error, MessageKey::Hash, MessageKey::Equal> returned;
    /// The broker closed because of a message: the next attempt finds out which one it is.
    bool one_by_one = false;
  };

  std::string where() const { return "RabbitMQ at " + config_.shown_url(); }
  Lane& lane_of(const std::string& name);
  std::variant<std::shared_ptr<rabbitmq::Connection>, Error> connection();
  std::optional<Error> ensure_channel(Lane& lane);
  std::optional<Error> ensure_exchange(rabbitmq::Channel& channel, const RabbitPlan& plan,
                                       const std::string& exchange);
  void forget_exchanges();

  const RabbitConfig config_;
  const std::function<void(bool, const std::string&)> say_;
  const std::vector<const RabbitPlan*> plans_;
  const bool late_;  ///< see OutletParts::late
  std::atomic<bool> abandoned_ = false;
  std::mutex mutex_;                   ///< locked a few times for each batch, and while connecting
  std::map<std::string, Lane> lanes_;  ///< protected by mutex_; the lanes themselves are not
  std::set<std::string> declared_;     ///< exchanges declared on this connection; protected by mutex_
  std::shared_ptr<rabbitmq::Connection> connection_;  ///< protected by mutex_
  std::size_t next_host_ = 0;                         ///< of the URL; protected by mutex_
  std::optional<Error> unreachable_;                  ///< of the last connection; protected by mutex_
  flow::Time connect_again_{};                        ///< protected by mutex_
};

}  // namespace sluice::sinks
