#include "sinks/outlet.hpp"

#include <algorithm>
#include <array>

#include "core/aws_plan.hpp"
#include "core/cache_plan.hpp"
#include "core/handler_plan.hpp"
#include "core/kafka_plan.hpp"
#include "core/publish_plan.hpp"
#include "core/rabbit_plan.hpp"
#include "core/webhook_plan.hpp"
#include "sinks/aws/outlet.hpp"
#include "sinks/custom/outlet.hpp"
#include "sinks/handler/outlet.hpp"
#include "sinks/jetstream/outlet.hpp"
#include "sinks/kafka/outlet.hpp"
#include "sinks/rabbitmq/outlet.hpp"
#include "sinks/redis/outlet.hpp"
#include "sinks/webhook/outlet.hpp"

namespace sluice::sinks {

std::size_t bytes_of(const Write& write) {
  if (const auto* delivery = std::get_if<DeliverWrite>(&write)) {
    const Message& message = *delivery->message;
    return message.payload.size() + message.text.size() + message.headers.size();
  }
  if (const auto* put = std::get_if<PutWrite>(&write)) return put->values.size();
  if (const auto* letter = std::get_if<LetterWrite>(&write)) return (*letter)->event.size();
  return 0;
}

std::size_t Outlet::bytes_while_sending(const Batch& batch) const {
  std::size_t bytes = 0;
  for (const Write& write : batch.writes) {
    if (takes(write)) bytes += bytes_of(write);
  }
  return bytes * copies_while_sending;
}

namespace {

using Made = std::unique_ptr<Outlet>;

struct Known {
  bool (*is_for)(const DeliveryPlan& plan);
  Made (*make)(const OutletParts& parts);
};

template <typename One>
Made make(const OutletParts& parts) {
  return std::make_unique<One>(parts);
}

template <typename Plan>
bool is_for(const DeliveryPlan& plan) {
  return plan.sink() == Plan::sink_name;
}

// Each sink outside MongoDB has one line here.
constexpr std::array<Known, 8> registered{{
    {is_for<PublishPlan>, make<JetStream>},
    {is_for<KafkaPlan>, make<Kafka>},
    {is_for<WebhookPlan>, make<Webhook>},
    {is_for<RabbitPlan>, make<RabbitMq>},
    {is_for<AwsPlan>, make<Aws>},
    {is_for<CachePlan>, make<Cache>},
    {CustomOutlet::is_for, make<CustomOutlet>},
    {is_for<HandlerPlan>, make<Handlers>},
}};

}  // namespace

Error abandoned_error(const std::string& where) {
  return {ErrorKind::transient, 0,
          where + ": stopping without waiting for its answer; what it has not acknowledged is sent again"};
}

std::vector<Made> make_outlets(const OutletParts& parts) {
  std::vector<Made> outlets;
  for (const Known& one : registered) {
    const auto for_it = [&](const DeliveryPlan* plan) { return one.is_for(*plan); };
    if (std::ranges::any_of(parts.deliveries, for_it)) outlets.push_back(one.make(parts));
  }
  return outlets;
}

std::string server_of(const std::vector<Made>& outlets, const DeliveryPlan& plan) {
  for (const Made& outlet : outlets) {
    if (outlet->takes(plan)) return outlet->server_of(plan);
  }
  return {};
}

std::optional<Unprepared> prepare_all(const std::vector<Made>& outlets,
                                      const std::vector<const DeliveryPlan*>& deliveries) {
  for (const Made& outlet : outlets) {
    auto error = outlet->prepare();
    if (!error) continue;
    const auto taken =
        std::ranges::find_if(deliveries, [&](const DeliveryPlan* plan) { return outlet->takes(*plan); });
    return Unprepared{taken == deliveries.end() ? "" : outlet->server_of(**taken), std::move(*error)};
  }
  return std::nullopt;
}

}  // namespace sluice::sinks
