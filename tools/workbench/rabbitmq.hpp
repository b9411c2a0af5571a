#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace workbench {

class RabbitError : public std::runtime_error {
 public:
  explicit RabbitError(const std::string& what, int code = 0) : std::runtime_error(what), code_(code) {}
  /// AMQP's reply code; 0 if the connection broke.
  int code() const { return code_; }

 private:
  int code_;
};

/// A message of a queue.
struct RabbitMessage {
  std::string exchange;
  std::string routing_key;
  std::string message_id;
  std::string content_type;
  int delivery_mode = 0;
  bool redelivered = false;
  std::map<std::string, std::string> headers;
  std::string body;
};

/// A connection to a RabbitMQ broker at a port of 127.0.0.1. It speaks AMQP 0-9-1 by itself, independently of
/// Sluice. Blocks; a broker that is silent for 30 s is an error. Not thread-safe. All functions throw
/// RabbitError, after which a new connection is needed.
class Rabbit {
 public:
  struct Login {
    std::string user = "guest";
    std::string password = "guest";
    std::string vhost = "/";
  };
  /// Arguments of a queue, such as x-max-length.
  using Arguments = std::vector<std::pair<std::string, std::variant<std::string, std::int64_t>>>;

  explicit Rabbit(int port) : Rabbit(port, Login()) {}
  Rabbit(int port, const Login& login);
  ~Rabbit();
  Rabbit(const Rabbit&) = delete;
  Rabbit& operator=(const Rabbit&) = delete;

  /// All durable.
  void declare_exchange(const std::string& name, const std::string& type = "topic");
  void delete_exchange(const std::string& name);
  void declare_queue(const std::string& name, const Arguments& arguments = {});
  void bind(const std::string& queue, const std::string& exchange, const std::string& routing_key);
  void delete_queue(const std::string& name);
  /// The number of messages that can be read.
  std::int64_t count(const std::string& queue);

  /// Takes up to `most` messages out of the queue, in order. Messages are acknowledged when they have
  /// arrived, so a broken connection loses none: it may only repeat some.
  std::vector<RabbitMessage> take(const std::string& queue, std::size_t most = SIZE_MAX);

  /// Consumes a queue from here on, with up to `prefetch` messages not acknowledged. For a stream the
  /// arguments name where it begins, such as x-stream-offset: first. Of the functions only next() may be
  /// called afterwards.
  void consume(const std::string& queue, std::uint16_t prefetch, const Arguments& arguments = {});
  /// The messages that have arrived, which are acknowledged. Waits for the first one for up to `patience`.
  std::vector<RabbitMessage> next(std::chrono::milliseconds patience);

  /// Publishes messages, persistent and with confirmations, of which at most `window` are missing at any
  /// time. Of a message it takes body, id, content type and headers. Returns when all are confirmed.
  void publish(const std::string& exchange, const std::string& routing_key,
               const std::vector<RabbitMessage>& messages, std::size_t window);

 private:
  struct Frame {
    std::uint8_t type = 0;
    std::uint16_t channel = 0;
    std::string payload;
  };

  void send(const std::string& bytes) const;
  void receive(char* into, std::size_t size);
  bool arrives(std::chrono::milliseconds patience) const;
  Frame frame();
  std::string expect(std::uint16_t in_class, std::uint16_t method);
  std::string call(const std::string& request, std::uint16_t in_class, std::uint16_t method);
  RabbitMessage content(const std::string& envelope);
  std::vector<RabbitMessage> take_some(const std::string& queue, std::size_t most, bool& empty);

  int socket_ = -1;
  std::string buffer_;
  std::size_t at_ = 0;
  bool confirms_ = false;
  std::uint64_t published_ = 0;
};

}  // namespace workbench
