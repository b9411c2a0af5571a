#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "flow/time.hpp"
#include "nats/answer.hpp"
#include "nats/connection.hpp"

namespace sluice::nats {

/// How the messages of a flight ended.
struct Landed {
  std::vector<bool> stored;  ///< by message; also of those that were known already
  std::size_t duplicates = 0;
  /// What went wrong first, and with which message; nothing where all are stored.
  std::optional<Error> error;
  std::size_t failed = 0;
};

/// Publishes messages without waiting for one before the next, and matches the acknowledgements that come
/// back, by the subject they are sent to: our own inbox, the number of the flight, and that of the message.
/// One flight at a time, begun and ended by one thread; the acknowledgements come on the library's.
class Flights {
 public:
  static std::variant<std::unique_ptr<Flights>, Error> open(std::shared_ptr<Connection> connection);
  /// Waits until no acknowledgement can come any more.
  ~Flights();
  Flights(const Flights&) = delete;
  Flights& operator=(const Flights&) = delete;

  /// A new flight of so many messages at the most. What is still on its way of the last one is forgotten.
  void begin(std::size_t messages);
  /// Where the acknowledgement of the flight's message `index` is to be sent. Valid until the next call.
  const char* reply_to(std::size_t index);
  /// `message` has reply_to(index) for its reply.
  std::optional<Error> send(std::size_t index, natsMsg* message);
  /// Waits for the acknowledgements of all that was sent, until `deadline` or until the connection is lost.
  Landed land(flow::Time deadline);

  const Connection& connection() const { return *connection_; }

 private:
  explicit Flights(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  void answered(const natsMsg* message);

  static void on_answer(natsConnection* handle, natsSubscription* subscription, natsMsg* message, void* self);
  static void on_complete(void* self);

  std::shared_ptr<Connection> connection_;
  std::string inbox_;
  std::string reply_;
  std::size_t prefix_ = 0;  ///< of reply_: inbox and flight
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t flight_ = 0;
  std::uint64_t losses_ = 0;  ///< of the connection, when the flight began
  std::size_t waiting_ = 0;
  std::vector<bool> sent_;
  Landed landed_;
  bool complete_ = false;
  std::optional<Connection::Watch> watch_;
  Subscription subscription_;
};

}  // namespace sluice::nats
