#include "kafka.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string_view>

#include "workbench/kafka_jars.hpp"

namespace storm {
namespace {

using namespace std::chrono_literals;
constexpr auto kStartTimeout = 60s;
constexpr int kAnswerMs = 30'000;
constexpr int kPollMs = 100;
constexpr std::size_t kAtOnce = 10'000;

std::string with_jars(const std::string& folder, const char* named_by) {
  if (const std::string why = workbench::why_no_kafka_jars(folder, named_by); !why.empty())
    throw std::runtime_error(why);
  return folder;
}

std::string jars_of(const std::string& named) {
  if (!named.empty()) return with_jars(named, "--kafka-jars");
  if (const char* folder = std::getenv("SLUICE_KAFKA"); folder != nullptr)
    return with_jars(folder, "SLUICE_KAFKA");
  const std::string found = output_of(STORM_FIND_KAFKA);
  if (found.empty()) throw std::runtime_error("no Kafka: name its jars by --kafka-jars or SLUICE_KAFKA");
  return found;
}

/// From the name of the broker's jar.
std::string version_in(const std::string& jars) {
  constexpr std::string_view before = "kafka_2.13-";
  for (const auto& file : std::filesystem::directory_iterator(jars)) {
    const std::string stem = file.path().stem();
    if (stem.starts_with(before)) return stem.substr(before.size());
  }
  return "unknown";
}

/// Broker and controller in one process, which creates no topics by itself.
void configure(const std::string& folder, int port) {
  std::filesystem::create_directories(folder + "/data");
  // What Kafka's own tool for new data folders writes.
  std::ofstream(folder + "/data/meta.properties")
      << "version=1\ncluster.id=c2x1aWNlLXRlc3QtY2x1cw\nnode.id=1\n"
         "directory.id=c2x1aWNlLXRlc3QtZGlyMQ\n";
  const std::string controller = "127.0.0.1:" + std::to_string(free_port());
  std::ofstream(folder + "/kafka.properties")
      << "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@" << controller
      << "\nlisteners=PLAINTEXT://127.0.0.1:" << port << ",CONTROLLER://" << controller
      << "\ncontroller.listener.names=CONTROLLER\nlog.dirs=" << folder
      << "/data\nauto.create.topics.enable=false\noffsets.topic.replication.factor=1\n"
         "transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n"
         "transaction.state.log.num.partitions=1\n";
}

}  // namespace

void check(rd_kafka_resp_err_t code, const char* doing) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  throw std::runtime_error(std::string(doing) + ": " + rd_kafka_err2str(code));
}

KafkaClient kafka_client(rd_kafka_type_t type, const std::string& brokers,
                         const KafkaProperties& properties) {
  std::array<char, 512> why{};
  std::unique_ptr<rd_kafka_conf_t, Freed<rd_kafka_conf_destroy>> conf(rd_kafka_conf_new());
  KafkaProperties all = {{"bootstrap.servers", brokers}, {"log_level", "0"}};
  all.insert(all.end(), properties.begin(), properties.end());
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK)
      throw std::runtime_error(why.data());
  }
  // So that rd_kafka_poll() returns when a message is acknowledged.
  const auto acknowledged = [](rd_kafka_t*, const rd_kafka_message_t*, void*) {};
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf.get(), acknowledged);
  KafkaClient client(rd_kafka_new(type, conf.get(), why.data(), why.size()));
  if (!client) throw std::runtime_error(why.data());
  static_cast<void>(conf.release());  // the client has it now
  return client;
}

KafkaBroker::KafkaBroker(const std::string& jars, const std::string& parent) : directory_(parent) {
  const std::string& folder = directory_.path();
  const std::string classes = jars_of(jars);
  const int port = free_port();
  configure(folder, port);
  process_ = std::make_unique<Process>(
      std::vector<std::string>{"/usr/bin/env", "java", "-Xms512m", "-Xmx512m",
                               "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classes + "/*",
                               "kafka.Kafka", folder + "/kafka.properties"},
      folder + "/kafka.log");
  brokers_ = "127.0.0.1:" + std::to_string(port);
  version_ = version_in(classes);
  const KafkaClient client = kafka_client(RD_KAFKA_PRODUCER, brokers_, {});
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  const rd_kafka_metadata_t* metadata = nullptr;
  while (rd_kafka_metadata(client.get(), 0, nullptr, &metadata, kPollMs) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (!process_->running()) throw std::runtime_error("Kafka ended at once; is there Java 17?");
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("Kafka does not answer");
  }
  rd_kafka_metadata_destroy(metadata);
}

void KafkaBroker::create_topic(const std::string& name, int partitions) const {
  const KafkaClient client = kafka_client(RD_KAFKA_PRODUCER, brokers_, {});
  const std::unique_ptr<rd_kafka_NewTopic_t, Freed<rd_kafka_NewTopic_destroy>> topic(
      rd_kafka_NewTopic_new(name.c_str(), partitions, 1, nullptr, 0));
  rd_kafka_NewTopic_t* all = topic.get();
  const KafkaQueue queue(rd_kafka_queue_new(client.get()));
  rd_kafka_CreateTopics(client.get(), &all, 1, nullptr, queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), kAnswerMs));
  if (!event) throw std::runtime_error("Kafka does not create a topic");
  check(rd_kafka_event_error(event.get()), "create a topic");
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) check(rd_kafka_topic_result_error(results[i]), "create a topic");
}

KafkaReader::KafkaReader(const std::string& brokers, const std::string& topic, int partitions)
    : client_(kafka_client(RD_KAFKA_CONSUMER, brokers,
                           {{"isolation.level", "read_committed"}, {"queued.max.messages.kbytes", "65536"}})),
      queue_(rd_kafka_queue_new(client_.get())),
      topic_(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr)),
      partitions_(partitions) {
  for (int partition = 0; partition < partitions_; ++partition) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto ask = [&] {
      return rd_kafka_query_watermark_offsets(client_.get(), topic.c_str(), partition, &low, &high,
                                              kAnswerMs);
    };
    auto code = ask();
    const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
    // The broker has created the topic, and makes it known a little later.
    while (code != RD_KAFKA_RESP_ERR_NO_ERROR && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(50ms);
      code = ask();
    }
    check(code, "offsets");
    if (rd_kafka_consume_start_queue(topic_.get(), partition, high, queue_.get()) != 0)
      check(rd_kafka_last_error(), "consume");
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { consume(stop); });
}

KafkaReader::~KafkaReader() {
  thread_ = {};
  for (int partition = 0; partition < partitions_; ++partition)
    rd_kafka_consume_stop(topic_.get(), partition);
}

void KafkaReader::consume(const std::stop_token& stop) {
  std::vector<rd_kafka_message_t*> messages(kAtOnce);
  while (!stop.stop_requested()) {
    const auto count = rd_kafka_consume_batch_queue(queue_.get(), kPollMs, messages.data(), messages.size());
    for (ssize_t i = 0; i < count; ++i) {
      const rd_kafka_message_t& message = *messages[i];
      if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        keys_.push_back(
            std::hash<std::string_view>()({static_cast<const char*>(message.key), message.key_len}));
      } else {
        error_ = message.err;
      }
      rd_kafka_message_destroy(messages[i]);
    }
    read_ = static_cast<std::int64_t>(keys_.size());
  }
}

void KafkaReader::expect_no_error() const {
  check(error_, "consume");
}

std::int64_t KafkaReader::different_keys() {
  thread_ = {};
  std::sort(keys_.begin(), keys_.end());
  return std::unique(keys_.begin(), keys_.end()) - keys_.begin();
}

}  // namespace storm
