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

/// The results of a flight.
struct Landed {
  std::vector<bool> stored;  ///< for each message; true also for duplicates
  std::size_t duplicates = 0;
  /// The first error and its message; nothing if all messages are stored.
  std::optional<Error> error;
  std::size_t failed = 0;
};

/// Publishes messages without waiting between them. Each message has its own reply subject, made of our inbox
/// and the numbers of the flight and the message, so acknowledgements can be matched. There is one flight at
/// a time, begun and ended by one thread; acknowledgements arrive on the library's threads. The state of a
/// message is one atomic word, so no lock is taken for it.
class Flights {
 public:
  static constexpr std::size_t most_messages = 4096;

  static std::variant<std::unique_ptr<Flights>, Error> open(std::shared_ptr<Connection> connection);
  /// Waits until no acknowledgement can arrive any more.
  ~Flights();
  Flights(const Flights&) = delete;
  Flights& operator=(const Flights&) = delete;

  /// Begins a flight of at most most_messages messages. Late acknowledgements of the previous flight are
  /// ignored.
  void begin();
  /// The reply subject for the flight's message `index`. Valid until the next call.
  const char* reply_to(std::size_t index);
  /// Sends `message`, whose reply subject is reply_to(index). Indices count from 0 without gaps.
  std::optional<Error> send(std::size_t index, natsMsg* message);
  /// Waits until all sent messages are acknowledged, until `deadline`, until the connection is lost, or until
  /// `stop` is requested.
  Landed land(flow::Time deadline, const std::stop_token& stop = {});

  const Connection& connection() const { return *connection_; }

 private:
  enum class Fate : std::uint32_t { unsent, sent, stored, known, refused };
  /// The number of the flight and the state of one message.
  using Cell = std::uint64_t;

  explicit Flights(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  static Cell cell(std::uint32_t flight, Fate fate) {
    return (Cell{flight} << 32) | static_cast<std::uint32_t>(fate);
  }
  void answered(const natsMsg* message);
  void refused(std::uint32_t flight, std::size_t index, Error error);
  void count(std::uint32_t flight);
  void wait_for_answers(flow::Time deadline, const std::stop_token& stop);
  void wake();
  std::size_t collect(Landed& landed);
  static Error lost_meanwhile();
  Error unanswered(std::size_t messages, bool lost) const;

  // Called on the library's threads; must not throw.
  static void on_answer(natsConnection* handle, natsSubscription* subscription, natsMsg* message,
                        void* self) noexcept;
  static void on_complete(void* self) noexcept;

  static constexpr std::size_t nobody_waits = SIZE_MAX;

  std::shared_ptr<Connection> connection_;
  std::string inbox_;
  std::string reply_;
  std::size_t prefix_ = 0;  ///< length of the part of reply_ that names inbox and flight
  std::uint32_t flight_ = 0;
  std::uint64_t losses_ = 0;  ///< the connection's losses when the flight began
  std::size_t sent_ = 0;

  std::array<std::atomic<Cell>, most_messages> cells_{};
  std::atomic<Cell> answers_ = 0;  ///< the number of the flight and its number of answers
  std::atomic<std::size_t> awaited_ = nobody_waits;

  std::atomic<bool> mishandled_ = false;  ///< an exception occurred while an answer was handled

  std::mutex mutex_;
  std::condition_variable changed_;
  // Behind the mutex: the first error of the flight `failed_flight_`.
  std::uint32_t failed_flight_ = 0;
  std::size_t failed_ = 0;
  std::optional<Error> error_;
  bool woken_ = false;    ///< look again: the connection may be lost, or the caller has to stop
  bool complete_ = true;  ///< no acknowledgement can arrive any more

  std::optional<Connection::Watch> watch_;
  Subscription subscription_;
};

}  // namespace sluice::sinks::jetstream
