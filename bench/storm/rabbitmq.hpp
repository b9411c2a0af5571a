#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "process.hpp"
#include "workbench/rabbitmq.hpp"

namespace storm {

/// A RabbitMQ broker, Debian's, with an epmd of its own, on free ports of loopback. Its data is deleted with
/// the object. User and password are guest.
class RabbitBroker {
 public:
  /// The data folder is made below `parent`.
  explicit RabbitBroker(const std::string& parent);

  int port() const { return port_; }
  Usage usage() const { return process_->usage(); }

 private:
  TemporaryDirectory directory_;
  int port_;
  std::unique_ptr<Process> epmd_;
  std::unique_ptr<Process> process_;
};

/// Consumes a queue, and acknowledges what it gets.
class RabbitReader {
 public:
  RabbitReader(int port, const std::string& queue);

  /// Takes what has arrived, and returns how many messages it has taken so far.
  std::int64_t read();
  std::int64_t different_ids() const { return static_cast<std::int64_t>(ids_.size()); }

 private:
  workbench::Rabbit rabbit_;
  std::int64_t read_ = 0;
  std::set<std::string> ids_;
};

}  // namespace storm
