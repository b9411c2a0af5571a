#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "core/aws_plan.hpp"
#include "core/rabbit_plan.hpp"
#include "inspect/stream_report.hpp"
#include "sinks/aws/targets.hpp"
#include "sinks/jetstream/connection.hpp"
#include "sinks/kafka/topics.hpp"
#include "sinks/rabbitmq/connection.hpp"

namespace sluice::inspect {

/// Checks whether the servers that a stream's rules send to can be reached: NATS, Kafka, RabbitMQ, AWS,
/// web services and Redis. Custom sinks are only named. Blocks. All arguments must outlive it.
class SinkInspector {
 public:
  SinkInspector(const Config& config, const StreamReport& report) : config_(config), report_(report) {}

  void look_at_messages(const Rule& rule);
  /// `version`: what the stream's records in the relay are marked with.
  void look_at_relay(const StreamConfig& stream, const std::string& version);
  void look_at_topics(const Rule& rule);
  void look_at_exchanges(const Rule& rule);
  void look_at_cloud(const Rule& rule);
  void look_at_requests(const Rule& rule);
  void look_at_cache(const Rule& rule);
  void look_at_custom(const Rule& rule);

 private:
  void look_at_relay_stream(const StreamConfig& stream, const std::string& version);
  void look_at_relay_topic(const StreamConfig& stream, const std::string& version);
  void look_at_topic(const Rule& rule, const KafkaPlan& plan, const std::string& topic);
  void look_at_exchange(const Rule& rule, const RabbitPlan& plan, const std::string& exchange);
  void look_at_target(const Rule& rule, sinks::aws::Client& client, const std::string& target);

  const Config& config_;
  const StreamReport& report_;
  // Connected once for all rules.
  std::optional<std::variant<std::shared_ptr<sinks::jetstream::Connection>, Error>> nats_;
  std::optional<std::optional<Error>> redis_;
  std::unique_ptr<sinks::kafka::Inquirer> kafka_;
  std::optional<Error> no_kafka_;
  std::optional<std::variant<std::shared_ptr<sinks::rabbitmq::Connection>, Error>> rabbitmq_;
  std::optional<sinks::aws::Targets> aws_;
};

}  // namespace sluice::inspect
