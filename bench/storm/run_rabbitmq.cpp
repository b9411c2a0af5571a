#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bus.hpp"
#include "commands.hpp"
#include "event_text.hpp"
#include "rabbitmq.hpp"

namespace storm {
namespace {

using workbench::Rabbit;
using workbench::RabbitMessage;

constexpr double kRabbitPatience = 300;  // seconds until the consumer has the messages of a whole storm
constexpr std::size_t kRabbitWindow = 4096;
const std::string kRabbitExchange = "storm";
const std::string kRabbitQueue = "storm";
const std::string kRivalQueue = "rival";
const std::string kRoutingKey = "users.update";

/// A message as a publish rule sends it.
RabbitMessage rabbit_message_of(const bson_t* event) {
  RabbitMessage message;
  message.message_id = text_at(event, "_id._data");
  message.content_type = "application/json";
  message.body = relaxed_json(event);
  message.headers = {{"Sluice-Operation", text_at(event, "operationType")},
                     {"Sluice-Namespace", text_at(event, "ns.db") + "." + text_at(event, "ns.coll")},
                     {"Sluice-Cluster-Time", "1764399600.1"},  // as long as a real one
                     {"Sluice-Message-Id", message.message_id}};
  return message;
}

/// A broker, and a consumer in this process, which is the receiver.
class RabbitBus final : public Bus {
 public:
  explicit RabbitBus(const Options& options) : broker_(options.server.data_parent), one_(broker_.port()) {
    one_.declare_exchange(kRabbitExchange);
    for (const std::string& queue : {kRabbitQueue, kRivalQueue}) one_.declare_queue(queue);
    one_.bind(kRabbitQueue, kRabbitExchange, "#");
    warm_up();
  }

  std::string name() const override { return "rabbitmq"; }
  std::string server() const override { return "rabbitmq"; }
  std::string version() const override {
    return output_of("/usr/bin/dpkg-query -W -f '${Version}' rabbitmq-server");
  }
  std::string library() const override { return "storm's own AMQP 0-9-1 client"; }
  Usage usage() const override { return broker_.usage(); }
  std::string rules() const override {
    return "  - name: out\n    publish: { from: users, rabbitmq: { exchange: " + kRabbitExchange + " } }\n";
  }
  std::vector<std::string> flags() const override {
    return {"--rabbitmq-url", "amqp://127.0.0.1:" + std::to_string(broker_.port())};
  }

  void begin() override { reader_ = std::make_unique<RabbitReader>(broker_.port(), kRabbitQueue); }
  bool has(std::int64_t messages) override { return reader_->read() >= messages; }
  /// Each document has been updated once.
  void expect_all(std::int64_t documents) override { expect_all(*reader_, documents); }

  BarePublished publish_bare(const Read& read) override {
    std::vector<RabbitMessage> messages;
    double bytes = 0;
    read([&](const Event& event) {
      messages.push_back(rabbit_message_of(event.document));
      bytes += static_cast<double>(messages.back().body.size());
    });
    BarePublished bare = publish(messages);
    bare.payload_bytes = bytes / static_cast<double>(messages.size());
    return bare;
  }

  void publish_one(const Event& event) override {
    one_.publish("", kRivalQueue, {rabbit_message_of(event.document)}, 1);
  }

 private:
  static void expect_all(const RabbitReader& reader, std::int64_t documents) {
    if (reader.different_ids() != documents)
      throw std::runtime_error("the queue had " + std::to_string(reader.different_ids()) +
                               " different messages, and not " + std::to_string(documents));
  }

  /// Ends when the consumer has all.
  BarePublished publish(const std::vector<RabbitMessage>& messages) {
    one_.delete_queue(kRivalQueue);  // with what the loop of the last round left
    one_.declare_queue(kRivalQueue);
    RabbitReader receiver(broker_.port(), kRivalQueue);
    const PublishMeter meter(*this);
    std::exception_ptr failed;
    std::jthread publisher([&] {
      try {
        Rabbit(broker_.port()).publish("", kRivalQueue, messages, kRabbitWindow);
      } catch (...) {
        failed = std::current_exception();
      }
    });
    while (receiver.read() < static_cast<std::int64_t>(messages.size())) {
      if (meter.seconds() > kRabbitPatience)
        throw std::runtime_error("the bare publisher's messages do not arrive");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const BarePublished bare = meter.now();
    publisher.join();
    if (failed) std::rethrow_exception(failed);
    return bare;
  }

  /// A new broker is slow until its code is compiled.
  void warm_up() {
    constexpr int kMessages = 50'000;
    std::vector<RabbitMessage> messages(kMessages);
    for (int i = 0; i < kMessages; ++i) {
      messages[static_cast<std::size_t>(i)].body = std::string(500, 'x');
      messages[static_cast<std::size_t>(i)].message_id = std::to_string(i);
    }
    publish(messages);
  }

  RabbitBroker broker_;
  Rabbit one_;
  std::unique_ptr<RabbitReader> reader_;
};

}  // namespace

int run_rabbitmq(const Options& options, const Server& server) {
  RabbitBus bus(options);
  return run_bus(options, server, bus);
}

}  // namespace storm
