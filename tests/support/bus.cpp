#include "support/bus.hpp"

#include <iterator>
#include <stdexcept>

#include "support/kafka_fixture.hpp"
#include "support/publishing.hpp"
#include "support/rabbit_fixture.hpp"
#include "workbench/eventually.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// More than any test sends: the consumer may get everything again.
constexpr std::size_t any_number = 1'000'000;

template <class Server>
class BusOn : public Bus {
 public:
  void declare(const std::string& name) override { name_ = name; }
  void kill9() override { server_.kill9(); }
  void restart() override { server_.restart(); }
  void stop() override { server_.stop(); }
  void cont() override { server_.cont(); }

 protected:
  template <class... Arguments>
  explicit BusOn(Arguments... arguments) : server_(std::move(arguments)...) {}
  const std::string& name() const { return name_; }

  Server server_;

 private:
  std::string name_;
};

/// Whatever comes twice within two minutes is dropped.
class JetStreamBus final : public BusOn<NatsServer> {
 public:
  std::string scheme() const override { return "nats://"; }
  std::size_t repeated_after_failures() const override { return 0; }
  std::size_t repeated_after_kills() const override { return 0; }
  std::string rule() const override { return "stream: " + name(); }
  std::vector<std::string> flags(int acknowledged_ms) const override {
    return {"--nats-url", "nats://" + proxy_.host(), "--nats-ack-ms", std::to_string(acknowledged_ms)};
  }
  std::int64_t count() override { return Nats(server_.url()).count(name()); }
  void read_into(SequenceCheck& check) override {
    for (const NatsMessage& message : Nats(server_.url()).read(name())) add_to(check, message);
  }
  workbench::TcpProxy& network() override { return proxy_; }

 private:
  workbench::TcpProxy proxy_{server_.port()};
};

class KafkaBus final : public BusOn<KafkaServer> {
 public:
  KafkaBus() : BusOn(KafkaServer::Options{.behind_proxy = true}) { server_.wait(); }

  std::string scheme() const override { return "kafka://"; }
  std::size_t repeated_after_failures() const override { return 0; }
  std::size_t repeated_after_kills() const override { return any_number; }
  void declare(const std::string& name) override {
    BusOn::declare(name);
    Kafka(server_.brokers()).create_topic(name, 4);
  }
  std::string rule() const override { return "kafka: { topic: " + name() + " }"; }
  std::vector<std::string> flags(int acknowledged_ms) const override {
    return {"--kafka-brokers", server_.brokers(), "--kafka-ack-ms", std::to_string(acknowledged_ms)};
  }
  std::int64_t count() override { return Kafka(server_.brokers()).count(name()); }
  void read_into(SequenceCheck& check) override {
    for (const KafkaMessage& message : Kafka(server_.brokers()).read(name())) add_to(check, message);
  }
  workbench::TcpProxy& network() override { return server_.network(); }
};

/// What was not confirmed when a connection broke is sent again.
class RabbitBus : public BusOn<RabbitServer> {
 public:
  RabbitBus() : BusOn(RabbitServer::Options{.behind_proxy = true}) {}

  std::string scheme() const override { return "amqp://"; }
  std::size_t repeated_after_failures() const override { return any_number; }
  std::size_t repeated_after_kills() const override { return any_number; }
  void declare(const std::string& name) override {
    BusOn::declare(name);
    Rabbit rabbit(server_.port());
    rabbit.declare_exchange(name);
    rabbit.declare_queue(name, queue_arguments());
    rabbit.bind(name, name, "#");
  }
  std::string rule() const override { return "rabbitmq: { exchange: " + name() + " }"; }
  std::vector<std::string> flags(int acknowledged_ms) const override {
    return {"--rabbitmq-url",         server_.url(),
            "--rabbitmq-ack-ms",      std::to_string(acknowledged_ms),
            "--rabbitmq-heartbeat-s", "1"};
  }
  std::int64_t count() override { return static_cast<std::int64_t>(messages().size()); }
  void read_into(SequenceCheck& check) override {
    for (const RabbitMessage& message : messages()) check.add(Document(message.body), message.message_id);
  }
  workbench::TcpProxy& network() override { return server_.network(); }

 protected:
  virtual Rabbit::Arguments queue_arguments() const { return {}; }
  virtual const std::vector<RabbitMessage>& messages() {
    auto more = Rabbit(server_.port()).take(name());
    messages_.insert(messages_.end(), std::make_move_iterator(more.begin()),
                     std::make_move_iterator(more.end()));
    return messages_;
  }

  std::vector<RabbitMessage> messages_;
};

class RabbitStreamBus final : public RabbitBus {
 public:
  void declare(const std::string& name) override {
    RabbitBus::declare(name);
    // A broker that is killed right after its first stream was made would never find it again.
    server_.control({"stop_app"});
    server_.control({"start_app"});
  }
  /// After a crash, RabbitMQ 3.10 starts the stream's earlier leaders too, one after the other. What they
  /// confirm until the last one is started is lost. So workers come back when the stream has been readable
  /// for a while.
  void restart() override {
    network().cut();
    RabbitBus::restart();
    int reads = 0;
    const bool calm = workbench::eventually(patience(60s), [&] {
      reads = is_readable() ? reads + 1 : 0;
      return reads == 4;
    });
    network().heal();
    if (!calm) throw std::runtime_error("the stream did not come back after a restart");
  }
  std::int64_t count() override { return length_of_stream(server_.port(), name()); }

 protected:
  Rabbit::Arguments queue_arguments() const override { return {{"x-queue-type", "stream"}}; }
  /// All of them again: a broker that was killed may give offsets that it forgot to other messages.
  const std::vector<RabbitMessage>& messages() override {
    return messages_ = read_stream(server_.port(), name());
  }

 private:
  bool is_readable() {
    try {
      count();
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }
};

template <class Made>
std::unique_ptr<Bus> made() {
  return std::make_unique<Made>();
}

}  // namespace

std::vector<BusKind> bus_kinds() {
  return {{"jetstream", made<JetStreamBus>, "", 8},
          {"kafka", made<KafkaBus>, why_no_kafka(), 8},
          {"rabbitmq", made<RabbitBus>, why_no_rabbitmq(), 6},
          {"rabbitmq_stream", made<RabbitStreamBus>, why_no_rabbitmq(), 4}};
}

}  // namespace sluice::test
