#pragma once

#include <functional>
#include <string>

namespace bus {

/// What a service reads from the bus.
struct Subscription {
  std::string brokers = "127.0.0.1:9092";
  std::string topic;
  std::string group;  ///< members of one group share the topic's partitions
};

/// A message: its key, its value and its partition.
struct Delivery {
  std::string key;
  std::string value;
  int partition = 0;
};

/// Reads the topic until SIGTERM or SIGINT. After `handle` has returned, the message's offset is committed,
/// so each message is handled at least once, and those with the same key in their order. If `handle` throws,
/// the message is handled again. `listening` is called when the broker answers.
void subscribe(const Subscription& subscription, const std::function<void(const Delivery&)>& handle,
               const std::function<void()>& listening);

}  // namespace bus
