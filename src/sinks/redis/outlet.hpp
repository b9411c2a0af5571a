#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "core/cache_plan.hpp"
#include "sinks/outlet.hpp"
#include "sinks/redis/connection.hpp"

namespace sluice::sinks {

/// Keeps keys in Redis. Sends all commands of a batch, then reads all the answers. Each command states the
/// whole value of its key. So of several commands on one key only the last is sent, and a batch that failed
/// is sent again as a whole.
class Cache final : public Outlet {
 public:
  explicit Cache(const OutletParts& parts)
      : config_(parts.config.redis), say_(parts.say), late_(parts.late) {}

  using Outlet::takes;
  bool takes(const DeliveryPlan& plan) const override { return plan.sink() == CachePlan::sink_name; }
  std::string server_of(const DeliveryPlan&) const override { return config_.shown_url(); }
  std::optional<Error> prepare() override;
  Outcome send(const Batch& batch) override;
  void abandon() override;

 private:
  using Handle = std::unique_ptr<sinks::redis::Connection>;

  /// The command for one write of the batch.
  struct Command {
    std::size_t write;
    const CachePlan* plan;
    const Message* message;
    bool drop;
  };
  using Commands = std::vector<Command>;

  std::optional<Error> greet();
  class Use;

  std::variant<Handle, Error> take();
  void give_back(Handle connection);
  void forget_idle();
  Commands commands_of(const Batch& batch) const;
  void append(sinks::redis::Connection& connection, Command& command, std::string& text) const;
  sinks::redis::Exchanged exchange(Commands& commands);
  bool drop_refused(const sinks::redis::Exchanged& done, Commands& commands) const;

  const RedisConfig config_;
  const std::function<void(bool, const std::string&)> say_;
  /// The batches are of past events. Then keys are only deleted, never set: an old value must not replace a
  /// newer one, but deleting a key does no harm.
  const bool late_;
  std::mutex mutex_;  ///< locked a few times for each batch
  bool abandoned_ = false;
  std::vector<Handle> idle_;
  std::vector<sinks::redis::Connection*> in_use_;  ///< connections that may be waiting for the server
};

}  // namespace sluice::sinks
