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
/// One flight at a time, begun and ended by one thread; the acknowledgements come on the library's. What is
/// known of a message is one atomic word, so neither thread takes a lock for it.
class Flights {
 public:
  static constexpr std::size_t most_messages = 4096;

  static std::variant<std::unique_ptr<Flights>, Error> open(std::shared_ptr<Connection> connection);
  /// Waits until no acknowledgement can come any more.
  ~Flights();
  Flights(const Flights&) = delete;
  Flights& operator=(const Flights&) = delete;

  /// A new flight, of most_messages at the most. What is still on its way of the last one is forgotten.
  void begin();
  /// Where the acknowledgement of the flight's message `index` is to be sent. Valid until the next call.
  const char* reply_to(std::size_t index);
  /// `message` has reply_to(index) for its reply. Indices are counted from 0, without a gap.
  std::optional<Error> send(std::size_t index, natsMsg* message);
  /// Waits for the acknowledgements of all that was sent, until `deadline`, until the connection is lost, or
  /// until `stop` is requested.
  Landed land(flow::Time deadline, const std::stop_token& stop = {});

  const Connection& connection() const { return *connection_; }

 private:
  enum class Fate : std::uint32_t { unsent, sent, stored, known, refused };
  /// Number of the flight, and what came of a message of it.
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

  // Called by the library's threads, which no exception may reach.
  static void on_answer(natsConnection* handle, natsSubscription* subscription, natsMsg* message,
                        void* self) noexcept;
  static void on_complete(void* self) noexcept;

  static constexpr std::size_t nobody_waits = SIZE_MAX;

  std::shared_ptr<Connection> connection_;
  std::string inbox_;
  std::string reply_;
  std::size_t prefix_ = 0;  ///< of reply_: inbox and flight
  std::uint32_t flight_ = 0;
  std::uint64_t losses_ = 0;  ///< of the connection, when the flight began
  std::size_t sent_ = 0;

  std::array<std::atomic<Cell>, most_messages> cells_{};
  std::atomic<Cell> answers_ = 0;  ///< number of the flight, and how many were answered
  std::atomic<std::size_t> awaited_ = nobody_waits;

  std::atomic<bool> mishandled_ = false;  ///< an answer, by an exception

  std::mutex mutex_;
  std::condition_variable changed_;
  // Behind the mutex: what went wrong first in `failed_flight_`.
  std::uint32_t failed_flight_ = 0;
  std::size_t failed_ = 0;
  std::optional<Error> error_;
  bool woken_ = false;    ///< the connection may be lost, or the caller has to stop
  bool complete_ = true;  ///< no acknowledgement can come any more

  std::optional<Connection::Watch> watch_;
  Subscription subscription_;
};

}  // namespace sluice::sinks::jetstream
