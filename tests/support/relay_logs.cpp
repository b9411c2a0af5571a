#include "support/relay_logs.hpp"

#include <nats/nats.h>

#include <algorithm>
#include <stdexcept>

#include "support/kafka_fixture.hpp"
#include "support/nats_server.hpp"
#include "workbench/freed.hpp"
#include "workbench/kafka.hpp"
#include "workbench/nats.hpp"

namespace sluice::test {

namespace {

using workbench::Nats;

void check_nats(natsStatus status) {
  if (status != NATS_OK) throw std::runtime_error(natsStatus_GetText(status));
}

class JetStreamServer : public LogServer {
 public:
  std::vector<std::string> flags(const std::string& log, int partitions) const override {
    return {"--relay-stream",           log,          "--relay-partitions",
            std::to_string(partitions), "--nats-url", server_.url()};
  }
  std::vector<std::string> patience(int ms) const override { return {"--nats-ack-ms", std::to_string(ms)}; }
  std::string yaml(const std::string& log, int partitions) const override {
    return "nats: { url: \"" + server_.url() + "\" }\nrelay: { jetstream: { stream: " + log +
           ", partitions: " + std::to_string(partitions) + " } }\n";
  }
  std::string called(const std::string& log) const override { return "JetStream stream " + log; }
  void kill9() override { server_.kill9(); }
  void restart() override { server_.restart(); }
  void stop() override { server_.stop(); }
  void cont() override { server_.cont(); }
  std::int64_t count(const std::string& log) override { return Nats(server_.url()).count(log); }
  std::vector<LogRecord> read(const std::string& log) override {
    std::vector<LogRecord> records;
    for (const auto& one : Nats(server_.url()).read(log))
      records.push_back({one.headers.at("Nats-Msg-Id"), one.headers.at("Sluice-Relay"), one.data});
    return records;
  }
  void remove(const std::string& log) override { Nats(server_.url()).remove(log); }
  void purge(const std::string& log) override { Nats(server_.url()).purge(log); }

  void repeat(const std::string& log, std::size_t most) override {
    const auto messages = Nats(server_.url()).read(log);
    natsConnection* made = nullptr;
    check_nats(natsConnection_ConnectTo(&made, server_.url().c_str()));
    const std::unique_ptr<natsConnection, workbench::Freed<natsConnection_Destroy>> connection(made);
    for (std::size_t i = 0; i < std::min(most, messages.size()); ++i) {
      const auto& message = messages[i];
      natsMsg* copy = nullptr;
      check_nats(natsMsg_Create(&copy, message.subject.c_str(), nullptr, message.data.data(),
                                static_cast<int>(message.data.size())));
      const std::unique_ptr<natsMsg, workbench::Freed<natsMsg_Destroy>> owned(copy);
      natsMsgHeader_Set(copy, "Sluice-Relay", message.headers.at("Sluice-Relay").c_str());
      natsMsgHeader_Set(copy, "Nats-Msg-Id", message.headers.at("Nats-Msg-Id").c_str());
      check_nats(natsConnection_PublishMsg(connection.get(), copy));
    }
    check_nats(natsConnection_FlushTimeout(connection.get(), 5000));
  }

 private:
  NatsServer server_;
};

class KafkaLogServer : public LogServer {
 public:
  ~KafkaLogServer() override {
    if (killed_) server().restart();
    if (stopped_) server().cont();
  }
  std::vector<std::string> flags(const std::string& log, int partitions) const override {
    return {"--relay-topic",   log, "--relay-partitions", std::to_string(partitions), "--kafka-brokers",
            server().brokers()};
  }
  std::vector<std::string> patience(int ms) const override { return {"--kafka-ack-ms", std::to_string(ms)}; }
  std::string yaml(const std::string& log, int partitions) const override {
    return "kafka: { brokers: \"" + server().brokers() + "\" }\nrelay: { kafka: { topic: " + log +
           ", partitions: " + std::to_string(partitions) + " } }\n";
  }
  std::string called(const std::string& log) const override { return "Kafka topic " + log; }
  void kill9() override {
    server().kill9();
    killed_ = true;
  }
  void restart() override {
    server().restart();
    killed_ = false;
  }
  void stop() override {
    server().stop();
    stopped_ = true;
  }
  void cont() override {
    server().cont();
    stopped_ = false;
  }
  std::int64_t count(const std::string& log) override { return client().count(log); }
  std::vector<LogRecord> read(const std::string& log) override {
    std::vector<LogRecord> records;
    for (const auto& one : client().read(log))
      records.push_back(
          {one.headers.at("Sluice-Message-Id"), one.headers.at("Sluice-Relay"), one.value.value_or("")});
    return records;
  }
  void remove(const std::string& log) override { client().delete_topic(log); }
  void purge(const std::string& log) override { client().delete_records(log); }
  void repeat(const std::string& log, std::size_t most) override {
    Kafka one = client();
    auto messages = one.read(log);
    messages.resize(std::min(most, messages.size()));
    one.produce(log, messages);
  }

 private:
  static KafkaServer& server() { return shared_kafka(); }
  static Kafka client() { return Kafka(server().brokers(), {{"isolation.level", "read_uncommitted"}}); }

  bool killed_ = false;
  bool stopped_ = false;
};

}  // namespace

std::string why_no_log_server(const std::string& kind) {
  return kind == kafka ? why_no_kafka() : "";
}

std::unique_ptr<LogServer> make_log_server(const std::string& kind) {
  if (kind == kafka) return std::make_unique<KafkaLogServer>();
  return std::make_unique<JetStreamServer>();
}

}  // namespace sluice::test
