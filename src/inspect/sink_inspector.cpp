#include "inspect/sink_inspector.hpp"

#include <fmt/format.h>

#include <atomic>

#include "core/cache_plan.hpp"
#include "core/custom_plan.hpp"
#include "core/kafka_plan.hpp"
#include "core/publish_plan.hpp"
#include "core/rabbit_plan.hpp"
#include "core/webhook_plan.hpp"
#include "sinks/jetstream/relay.hpp"
#include "sinks/jetstream/streams.hpp"
#include "sinks/kafka/relay/group.hpp"
#include "sinks/kafka/relay/log.hpp"
#include "sinks/rabbitmq/errors.hpp"
#include "sinks/redis/connection.hpp"
#include "sinks/webhook/outlet.hpp"

namespace sluice::inspect {

namespace {

constexpr auto kafka_wait = std::chrono::seconds(5);
constexpr auto rabbitmq_wait = std::chrono::seconds(5);

}  // namespace

/// Checks the JetStream streams that a rule publishes to. All rules share one connection.
void SinkInspector::look_at_messages(const Rule& rule) {
  for (const DeliveryPlan* delivery : rule.deliveries()) {
    const auto* plan = dynamic_cast<const PublishPlan*>(delivery);
    if (plan == nullptr) continue;
    if (!nats_) nats_ = sinks::jetstream::Connection::open(config_.nats);
    if (const auto* error = std::get_if<Error>(&*nats_)) {
      report_.say(Level::error, rule, error->message);
      return;
    }
    bool there = false;
    const auto differs = [&](const std::string& text) { report_.say(Level::warning, rule, text); };
    const auto& connection = *std::get<std::shared_ptr<sinks::jetstream::Connection>>(*nats_);
    auto error = sinks::jetstream::look_at_stream(connection, plan->stream, differs, there);
    if (!error && !there && !plan->stream.create) error = sinks::jetstream::missing(plan->stream);
    if (!error && !there && plan->stream.create) error = sinks::jetstream::overlap(connection, plan->stream);
    if (error) {
      report_.say(Level::error, rule, error->message);
    } else {
      report_.say(Level::ok, rule,
                  fmt::format("publishes to the JetStream stream {}{}", plan->stream.name,
                              there ? "" : ", which a worker will create"));
    }
  }
}

void SinkInspector::look_at_relay(const StreamConfig& stream, const std::string& version) {
  config_.relay.topic.empty() ? look_at_relay_stream(stream, version) : look_at_relay_topic(stream, version);
}

void SinkInspector::look_at_relay_topic(const StreamConfig& stream, const std::string& version) {
  if (!kafka_ && !no_kafka_) no_kafka_ = sinks::kafka::Inquirer::open(config_.kafka, kafka_wait, kafka_);
  if (no_kafka_) return report_.say(Level::error, "the relay: " + no_kafka_->message);
  sinks::kafka::KafkaRelay log(config_, stream, [](const std::string&) {});
  bool there = false;
  auto error = log.check(there);
  if (!error && there) error = check_owner(log, config_.relay.partitions, version);
  const std::string group = config_.clustered() ? relay_group_name(config_.relay, stream) : "";
  if (!error && !group.empty()) error = sinks::kafka::look_at_relay_group(config_.kafka, group, kafka_wait);
  if (error) return report_.say(Level::error, "the relay: " + error->message);
  report_.say(Level::ok, fmt::format("is relayed by the Kafka topic {} in {} partitions{}{}",
                                     relay_log_name(config_.relay.topic, stream), config_.relay.partitions,
                                     there ? "" : ", which a worker will create",
                                     group.empty() ? "" : "; the consumer group " + group + " assigns them"));
}

void SinkInspector::look_at_relay_stream(const StreamConfig& stream, const std::string& version) {
  if (!nats_) nats_ = sinks::jetstream::Connection::open(config_.nats);
  if (const auto* error = std::get_if<Error>(&*nats_)) return report_.say(Level::error, error->message);
  const StreamShape shape = sinks::jetstream::relay_shape(config_.relay, stream);
  bool there = false;
  const auto differs = [&](const std::string& text) { report_.say(Level::warning, text); };
  const auto& connection = *std::get<std::shared_ptr<sinks::jetstream::Connection>>(*nats_);
  auto error = sinks::jetstream::look_at_stream(connection, shape, differs, there);
  if (!error && !there) error = sinks::jetstream::overlap(connection, shape);
  if (!error && there) {
    sinks::jetstream::JetStreamRelay log(config_.nats, shape, [](const std::string&) {});
    error = check_owner(log, config_.relay.partitions, version);
  }
  if (error) return report_.say(Level::error, "the relay: " + error->message);
  report_.say(Level::ok, fmt::format("is relayed by the JetStream stream {} in {} partitions{}", shape.name,
                                     config_.relay.partitions, there ? "" : ", which a worker will create"));
}

/// Checks the Kafka topics that a rule publishes to and that are known in advance. All rules share one
/// connection.
void SinkInspector::look_at_topics(const Rule& rule) {
  for (const DeliveryPlan* delivery : rule.deliveries()) {
    const auto* plan = dynamic_cast<const KafkaPlan*>(delivery);
    if (plan == nullptr) continue;
    if (!kafka_ && !no_kafka_) no_kafka_ = sinks::kafka::Inquirer::open(config_.kafka, kafka_wait, kafka_);
    if (no_kafka_) return report_.say(Level::error, rule, no_kafka_->message);
    if (plan->topics.empty()) {
      report_.say(Level::ok, rule,
                  fmt::format("publishes to Kafka at {}, which answers", config_.kafka.brokers));
    }
    for (const std::string& topic : plan->topics) look_at_topic(rule, *plan, topic);
  }
}

void SinkInspector::look_at_topic(const Rule& rule, const KafkaPlan& plan, const std::string& topic) {
  std::size_t partitions = 0;
  if (const auto error = kafka_->partitions_of(topic, partitions))
    return report_.say(Level::error, rule, error->message);
  if (partitions > 0) {
    report_.say(Level::ok, rule,
                fmt::format("publishes to the Kafka topic {} ({} partitions)", topic, partitions));
  } else if (plan.shape.create) {
    report_.say(Level::ok, rule,
                fmt::format("publishes to the Kafka topic {}, which a worker will create", topic));
  } else {
    report_.say(
        Level::error, rule,
        fmt::format("there is no Kafka topic {}; create it, or let Sluice create it with 'create: true'",
                    topic));
  }
}

/// Checks the exchanges that a rule publishes to and that are known in advance. All rules share one
/// connection.
void SinkInspector::look_at_exchanges(const Rule& rule) {
  for (const DeliveryPlan* delivery : rule.deliveries()) {
    const auto* plan = dynamic_cast<const RabbitPlan*>(delivery);
    if (plan == nullptr) continue;
    static const std::atomic<bool> never = false;
    if (!rabbitmq_) rabbitmq_ = sinks::rabbitmq::Connection::open(config_.rabbitmq, never);
    if (const auto* error = std::get_if<Error>(&*rabbitmq_))
      return report_.say(Level::error, rule, error->message);
    if (plan->exchanges.empty()) {
      report_.say(Level::ok, rule,
                  fmt::format("publishes to RabbitMQ at {}, which answers", config_.rabbitmq.shown_url()));
    }
    for (const std::string& exchange : plan->exchanges) look_at_exchange(rule, *plan, exchange);
  }
}

void SinkInspector::look_at_exchange(const Rule& rule, const RabbitPlan& plan, const std::string& exchange) {
  using sinks::rabbitmq::Channel;
  const auto opened =
      Channel::open(std::get<std::shared_ptr<sinks::rabbitmq::Connection>>(*rabbitmq_), rabbitmq_wait);
  if (const auto* error = std::get_if<Error>(&opened)) return report_.say(Level::error, rule, error->message);
  if (exchange.empty()) return report_.say(Level::ok, rule, "publishes to RabbitMQ's default exchange");
  Channel& channel = *std::get<std::unique_ptr<Channel>>(opened);
  const auto error =
      channel.declare({.exchange = exchange, .type = plan.declare, .passive = true}, rabbitmq_wait);
  if (!error) {
    report_.say(Level::ok, rule, fmt::format("publishes to the RabbitMQ exchange {}", exchange));
  } else if (error->code != sinks::rabbitmq::reply::not_found) {
    report_.say(Level::error, rule, error->message);
  } else if (!plan.declare.empty()) {
    report_.say(Level::ok, rule,
                fmt::format("publishes to the RabbitMQ exchange {}, which a worker will declare", exchange));
  } else {
    report_.say(Level::error, rule,
                fmt::format("there is no RabbitMQ exchange {}; create it, or let Sluice declare it with "
                            "'declare: topic'",
                            exchange));
  }
}

/// Checks the queues, topics and buses of AWS that a rule publishes to and that are known in advance.
void SinkInspector::look_at_cloud(const Rule& rule) {
  for (const DeliveryPlan* delivery : rule.deliveries()) {
    const auto* plan = dynamic_cast<const AwsPlan*>(delivery);
    if (plan == nullptr) continue;
    if (!aws_) aws_.emplace(config_.aws);
    auto client = aws_->client(plan->service);
    if (const auto* error = std::get_if<Error>(&client))
      return report_.say(Level::error, rule, error->message);
    auto& service = *std::get<sinks::aws::Client*>(client);
    if (plan->targets.empty()) {
      const auto error = service.try_connection();
      report_.say(error ? Level::error : Level::ok, rule,
                  error ? error->message : "connects to " + service.where());
    }
    for (const std::string& target : plan->targets) look_at_target(rule, service, target);
    if (plan->service == AwsPlan::Service::event_bridge)
      report_.say(Level::ok, rule, "EventBridge keeps no order, and drops no repeated events");
  }
}

void SinkInspector::look_at_target(const Rule& rule, sinks::aws::Client& client, const std::string& target) {
  bool unsure = false;
  const auto error = aws_->look(client, target, unsure, {});
  if (error) return report_.say(Level::error, rule, error->message);
  const std::string text = fmt::format("publishes to the {} {}", target_name(client.service()), target);
  if (!unsure) return report_.say(Level::ok, rule, text);
  report_.say(Level::warning, rule, text + "; the credentials do not allow to ask whether it exists");
}

void SinkInspector::look_at_requests(const Rule& rule) {
  for (const DeliveryPlan* delivery : rule.deliveries()) {
    const auto* plan = dynamic_cast<const WebhookPlan*>(delivery);
    if (plan == nullptr) continue;
    auto error = sinks::try_service(*plan);
    if (!error) {
      report_.say(Level::ok, rule, "connects to " + plan->service.origin);
    } else {
      report_.say(Level::error, rule, error->message);
    }
  }
}

void SinkInspector::look_at_cache(const Rule& rule) {
  for (const DeliveryPlan* delivery : rule.deliveries()) {
    if (delivery->sink() != CachePlan::sink_name) continue;
    if (!redis_) redis_ = sinks::redis::ping(config_.redis);
    if (const auto& error = *redis_) {
      report_.say(Level::error, rule, error->message);
    } else {
      report_.say(Level::ok, rule, "keeps keys in Redis at " + config_.redis.shown_url() + ", which answers");
    }
  }
}

/// Only names the sink: opening it may change something, so only a worker does that.
void SinkInspector::look_at_custom(const Rule& rule) {
  for (const DeliveryPlan* delivery : rule.deliveries()) {
    const auto* plan = dynamic_cast<const CustomPlan*>(delivery);
    if (plan == nullptr) continue;
    report_.say(Level::ok, rule, "delivers to " + plan->target + ", which a worker opens when it starts");
  }
}

}  // namespace sluice::inspect
