#include "bus/subscriber.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "workbench/freed.hpp"

namespace bus {
namespace {

using workbench::Freed;
using Client = std::unique_ptr<rd_kafka_t, Freed<rd_kafka_destroy>>;
using Topics = std::unique_ptr<rd_kafka_topic_partition_list_t, Freed<rd_kafka_topic_partition_list_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Freed<rd_kafka_message_destroy>>;

constexpr int poll_ms = 200;
constexpr auto pause_before_again = std::chrono::milliseconds(200);

volatile std::sig_atomic_t stopped = 0;

void stop(int) {
  stopped = 1;
}

Client consumer(const Subscription& subscription) {
  const std::array<std::array<const char*, 2>, 6> properties{{
      {"bootstrap.servers", subscription.brokers.c_str()},
      {"group.id", subscription.group.c_str()},
      {"enable.auto.commit", "false"},
      {"auto.offset.reset", "earliest"},
      {"session.timeout.ms", "6000"},
      {"topic.metadata.refresh.interval.ms", "1000"},  // the topic may be created later
  }};
  std::array<char, 512> why{};
  std::unique_ptr<rd_kafka_conf_t, Freed<rd_kafka_conf_destroy>> conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf.get(), name, value, why.data(), why.size()) != RD_KAFKA_CONF_OK)
      throw std::runtime_error(why.data());
  }
  Client client(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size()));
  if (!client) throw std::runtime_error(why.data());
  static_cast<void>(conf.release());  // the client has it now
  rd_kafka_poll_set_consumer(client.get());
  return client;
}

/// Until it succeeds, or the program is to stop.
bool handled(const std::function<void(const Delivery&)>& handle, const Delivery& delivery) {
  while (stopped == 0) {
    try {
      handle(delivery);
      return true;
    } catch (const std::exception& error) {
      std::cerr << error.what() << std::endl;
      std::this_thread::sleep_for(pause_before_again);
    }
  }
  return false;
}

}  // namespace

void subscribe(const Subscription& subscription, const std::function<void(const Delivery&)>& handle,
               const std::function<void()>& listening) {
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  const Client client = consumer(subscription);
  const Topics topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), subscription.topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto code = rd_kafka_subscribe(client.get(), topics.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(rd_kafka_err2str(code));
  listening();
  while (stopped == 0) {
    const Message message(rd_kafka_consumer_poll(client.get(), poll_ms));
    if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR || message->payload == nullptr) continue;
    const Delivery delivery{{static_cast<const char*>(message->key), message->key_len},
                            {static_cast<const char*>(message->payload), message->len},
                            message->partition};
    if (handled(handle, delivery)) rd_kafka_commit_message(client.get(), message.get(), 0);
  }
  rd_kafka_consumer_close(client.get());
}

}  // namespace bus
