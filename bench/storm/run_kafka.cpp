#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bus.hpp"
#include "commands.hpp"
#include "event_text.hpp"
#include "kafka.hpp"
#include "update_many.hpp"

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPartitions = 8;
constexpr double kPatience = 300;  // seconds until the consumer has the messages of a whole storm
constexpr auto kPoll = std::chrono::milliseconds(1);
const std::string kTopic = "storm";
const std::string kRivalTopic = "rival";

/// A message as a publish rule sends it.
struct Record {
  std::string key;
  std::string value;
  std::vector<std::pair<const char*, std::string>> headers;
};

Record record_of(const bson_t* event) {
  std::string key = "{\"$oid\":\"" + text_at(event, "documentKey._id") + "\"}";
  std::string name = text_at(event, "ns.db") + "." + text_at(event, "ns.coll");
  return {std::move(key),
          relaxed_json(event),
          {{"Sluice-Operation", text_at(event, "operationType")},
           {"Sluice-Namespace", std::move(name)},
           {"Sluice-Cluster-Time", "1764399600.1"},  // as long as a real one
           {"Sluice-Message-Id", text_at(event, "_id._data")}}};
}

/// A bare producer with the worker's settings.
class Producer {
 public:
  Producer(const std::string& brokers, const std::string& linger_ms,
           const std::string& in_a_request = "10000")
      : client_(kafka_client(RD_KAFKA_PRODUCER, brokers,
                             {{"enable.idempotence", "true"},
                              {"acks", "all"},
                              {"partitioner", "murmur2_random"},
                              {"linger.ms", linger_ms},
                              {"batch.num.messages", in_a_request},
                              {"socket.nagle.disable", "true"},
                              {"queue.buffering.max.messages", "0"},
                              {"queue.buffering.max.kbytes", "2097151"}})),
        topic_(rd_kafka_topic_new(client_.get(), kRivalTopic.c_str(), nullptr)) {}

  void send(const Record& record) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers)
      rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
    const auto code = rd_kafka_producev(
        client_.get(), RD_KAFKA_V_RKT(topic_.get()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()),  // NOLINT: librdkafka copies it
                         record.value.size()),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
    check(code, "publish");
    rd_kafka_poll(client_.get(), 0);
  }

  /// Until all are acknowledged.
  void wait() {
    const auto start = Clock::now();
    while (rd_kafka_outq_len(client_.get()) > 0) {
      rd_kafka_poll(client_.get(), 1000);
      if (since(start) > kPatience) throw std::runtime_error("Kafka does not acknowledge");
    }
  }

 private:
  KafkaClient client_;
  KafkaTopic topic_;
};

/// A broker, and a consumer in this process, which is the receiver.
class KafkaBus final : public Bus {
 public:
  explicit KafkaBus(const Options& options) : broker_(options.kafka_jars, options.server.data_parent) {
    broker_.create_topic(kTopic, kPartitions);
    broker_.create_topic(kRivalTopic, kPartitions);
    one_ = std::make_unique<Producer>(broker_.brokers(), "0");
    warm_up();
  }

  std::string name() const override { return "kafka"; }
  std::string server() const override { return "kafka"; }
  std::string version() const override { return broker_.version(); }
  std::string library() const override { return std::string("librdkafka ") + rd_kafka_version_str(); }
  Usage usage() const override { return broker_.usage(); }
  std::string rules() const override {
    return "  - name: out\n    publish: { from: users, kafka: { topic: " + kTopic + " } }\n";
  }
  std::vector<std::string> flags() const override { return {"--kafka-brokers", broker_.brokers()}; }

  void begin() override { reader_ = reader(kTopic); }
  bool has(std::int64_t messages) override {
    reader_->expect_no_error();
    return reader_->read() >= messages;
  }
  /// Each document has its own key.
  void expect_all(std::int64_t documents) override { expect_all(*reader_, documents); }

  BarePublished publish_bare(const Read& read) override {
    std::vector<Record> records;
    double bytes = 0;
    read([&](const Event& event) {
      records.push_back(record_of(event.document));
      bytes += static_cast<double>(records.back().value.size());
    });
    BarePublished bare = publish(records);
    bare.payload_bytes = bytes / static_cast<double>(records.size());
    return bare;
  }

  void publish_one(const Event& event) override {
    one_->send(record_of(event.document));
    one_->wait();
  }

 private:
  std::unique_ptr<KafkaReader> reader(const std::string& topic) const {
    return std::make_unique<KafkaReader>(broker_.brokers(), topic, kPartitions);
  }

  static void expect_all(KafkaReader& reader, std::int64_t documents) {
    const std::int64_t read = reader.read();
    const std::int64_t keys = reader.different_keys();
    if (read != documents || keys != documents)
      throw std::runtime_error("the topic holds " + std::to_string(read) + " messages with " +
                               std::to_string(keys) + " keys, and not " + std::to_string(documents));
  }

  /// Ends when the consumer has all.
  BarePublished publish(const std::vector<Record>& records) const {
    Producer producer(broker_.brokers(), "5");
    const auto receiver = reader(kRivalTopic);
    const BarePublished bare = publish(records, producer, *receiver);
    expect_all(*receiver, static_cast<std::int64_t>(records.size()));
    return bare;
  }

  BarePublished publish(std::span<const Record> records, Producer& producer,
                        const KafkaReader& receiver) const {
    const PublishMeter meter(*this);
    const std::int64_t all = receiver.read() + static_cast<std::int64_t>(records.size());
    for (const Record& record : records) producer.send(record);
    while (receiver.read() < all) {
      receiver.expect_no_error();
      if (meter.seconds() > kPatience) throw std::runtime_error("the bare producer's messages do not arrive");
      std::this_thread::sleep_for(kPoll);
    }
    const BarePublished bare = meter.now();
    producer.wait();
    return bare;
  }

  /// The JVM compiles code that has run some thousand times, and takes CPU time from all others while it
  /// does. What runs once for each request needs many requests for that, so most of them are small here.
  void warm_up() const {
    struct Kind {
      const char* messages_in_request;
      std::size_t messages;
      int times;
    };
    constexpr std::array kinds{Kind{"10000", 100'000, 5}, Kind{"5", 20'000, 15}};
    std::vector<Record> records;
    for (std::size_t i = 0; i < kinds[0].messages; ++i)
      records.push_back({std::to_string(i), std::string(500, 'x'), {{"Sluice-Operation", "update"}}});
    const auto receiver = reader(kRivalTopic);
    for (const Kind& kind : kinds) {
      Producer producer(broker_.brokers(), "5", kind.messages_in_request);
      for (int i = 0; i < kind.times; ++i)
        publish(std::span(records).first(kind.messages), producer, *receiver);
    }
  }

  KafkaBroker broker_;
  std::unique_ptr<Producer> one_;
  std::unique_ptr<KafkaReader> reader_;
};

}  // namespace

int run_kafka(const Options& options, const Server& server) {
  KafkaBus bus(options);
  return run_bus(options, server, bus);
}

}  // namespace storm
