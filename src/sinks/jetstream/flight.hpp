#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "flow/time.hpp"
#include "sinks/jetstream/answer.hpp"
#include "sinks/jetstream/connection.hpp"

namespace sluice::sinks::jetstream {

/// The result of a flight.
struct Landed {
  std::vector<bool> stored;  ///< for each message sent; true also for duplicates
  std::size_t duplicates = 0;
  std::optional<Error> error;  ///< absent if all messages are stored
  std::size_t failed = 0;      ///< with error: index of its message
};

/// Publishes messages without waiting between them, and matches each acknowledgement to its message by the
/// subject it is sent to: inbox, number of the flight, number of the message. One flight at a time, begun and
/// ended by one thread; acknowledgements arrive on a thread of the library. The state of a message is one
/// atomic word, so neither thread locks anything to access it.
class Flights {
 public:
  static constexpr std::size_t most_messages = 4096;

  static std::variant<std::unique_ptr<Flights>, Error> open(std::shared_ptr<Connection> connection);
  /// Waits until the library delivers no more acknowledgements.
  ~Flights();
  Flights(const Flights&) = delete;
  Flights& operator=(const Flights&) = delete;

  /// Begins a new flight of at most most_messages. Acknowledgements that still arrive for the last flight are
  /// ignored.
  void begin();
  /// The subject for the acknowledgement of the flight's message `index`. Valid until the next call.
  const char* reply_to(std::size_t index);
  /// Publishes `message`, whose reply subject must be reply_to(index). Indices start at 0 and have no gaps.
  std::optional<Error> send(std::size_t index, natsMsg* message);
  /// Publishes a message that nobody acknowledges. It has no reply subject and no index.
  std::optional<Error> send_unacknowledged(natsMsg* message);
  /// Waits until all messages sent are acknowledged, the connection is lost or `stop` is requested, and
  /// returns true. False if `deadline` has passed before.
  bool settled(flow::Time deadline, const std::stop_token& stop);
  /// Waits until all messages sent are acknowledged, `deadline` has passed, the connection is lost, or `stop`
  /// is requested.
  Landed land(flow::Time deadline, const std::stop_token& stop = {});

  const Connection& connection() const { return *connection_; }

 private:
  enum class Fate : std::uint32_t { unsent, sent, stored, known, refused };
  /// The number of a flight in the upper 32 bits; a message's Fate or a count in the lower ones.
  using Cell = std::uint64_t;

  explicit Flights(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  static Cell cell(std::uint32_t flight, Fate fate) {
    return (Cell{flight} << 32) | static_cast<std::uint32_t>(fate);
  }
  void answered(const natsMsg* message);
  void refused(std::uint32_t flight, std::size_t index, Error error);
  void count(std::uint32_t flight);
  void wake();
  std::size_t collect(Landed& landed);
  static Error lost_meanwhile();
  Error unanswered(std::size_t messages, bool lost) const;

  // Called on the library's threads. No exception may leave them.
  static void on_answer(natsConnection* handle, natsSubscription* subscription, natsMsg* message,
                        void* self) noexcept;
  static void on_complete(void* self) noexcept;

  static constexpr std::size_t nobody_waits = SIZE_MAX;

  std::shared_ptr<Connection> connection_;
  std::string inbox_;
  std::string reply_;
  std::size_t prefix_ = 0;  ///< length of inbox and flight number in reply_
  std::uint32_t flight_ = 0;
  std::uint64_t losses_ = 0;  ///< connection_->losses() when the flight began
  std::size_t sent_ = 0;

  std::array<std::atomic<Cell>, most_messages> cells_{};
  std::atomic<Cell> answers_ = 0;  ///< the flight's number, and the count of its answers
  std::atomic<std::size_t> awaited_ = nobody_waits;

  std::atomic<bool> mishandled_ = false;  ///< an exception was thrown while an answer was handled

  std::mutex mutex_;
  std::condition_variable changed_;
  // Protected by mutex_. The first three hold the error to report for the flight `failed_flight_`.
  std::uint32_t failed_flight_ = 0;
  std::size_t failed_ = 0;
  std::optional<Error> error_;
  bool woken_ = false;    ///< the connection may be lost, or the caller has to stop
  bool complete_ = true;  ///< the library delivers no more acknowledgements

  std::optional<Connection::Watch> watch_;
  Subscription subscription_;
};

}  // namespace sluice::sinks::jetstream
