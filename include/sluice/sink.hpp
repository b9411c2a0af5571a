#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/bson.hpp"
#include "sluice/event.hpp"

namespace sluice {

/// One change, as a custom sink receives it. All views are valid until Sink::send() returns: copy what has to
/// live longer.
struct SinkMessage {
  /// The same text each time this change is read, also by another process: a receiver that has seen the id
  /// may drop the message. Printable ASCII. Unique within a rule, not between rules.
  std::string_view id;
  Operation operation = Operation::other;
  std::string_view database;
  std::string_view collection;
  /// The `_id` of the changed document. Absent when a whole collection was dropped or renamed.
  bson::Value document_id;
  /// With `payload: event`, the default, the whole change event. With `payload: document` the document; where
  /// the event does not hold it (deletes, and updates unless `full_document` is set) only its key.
  bson::View payload;
  std::uint64_t cluster_time = 0;  ///< seconds in the high 32 bits, increment in the low 32 bits
  std::int64_t wall_time_ms = 0;   ///< of the change, in milliseconds since the epoch
};

/// What Sink::open() and Sink::send() report. Messages are counted from the front of what send() was given.
class SinkResult {
 public:
  enum class Next : std::uint8_t { proceed, retry, dead_letter, stop };

  /// All messages were delivered.
  static SinkResult done() { return {Next::proceed, 0, "", 0}; }

  /// The first `delivered` messages were delivered, and the receiver cannot take the rest now: it is
  /// unreachable, full or busy. The rest is sent again, after a backoff that grows from 5 ms to 1 s, or after
  /// `wait` if that is longer. There is no limit on the number of attempts. Meanwhile the position does not
  /// move, /readyz names the sink and `why`, and other rules go on.
  static SinkResult retry(std::size_t delivered, std::string why, std::chrono::milliseconds wait = {}) {
    SinkResult result{Next::retry, delivered, std::move(why), 0};
    result.wait_ = wait;
    return result;
  }

  /// The first `delivered` messages were delivered, and the next one can never be: it becomes a dead letter
  /// with `why` and `code`. The messages behind it are sent again without it. From open() it means the same
  /// as stop().
  static SinkResult dead_letter(std::size_t delivered, std::string why, std::int32_t code = 0) {
    return {Next::dead_letter, delivered, std::move(why), code};
  }

  /// Nothing can be delivered until somebody corrects the configuration. The worker logs `why` and ends with
  /// exit code 2. Nothing is lost: what was not delivered is sent after the next start.
  static SinkResult stop(std::string why) { return {Next::stop, 0, std::move(why), 0}; }

  Next next() const { return next_; }
  std::size_t delivered() const { return delivered_; }
  const std::string& why() const { return why_; }
  std::int32_t code() const { return code_; }
  std::chrono::milliseconds wait() const { return wait_; }

 private:
  SinkResult(Next next, std::size_t delivered, std::string why, std::int32_t code)
      : next_(next), delivered_(delivered), why_(std::move(why)), code_(code) {}

  Next next_;
  std::size_t delivered_;
  std::string why_;
  std::int32_t code_;
  std::chrono::milliseconds wait_{0};
};

/// A destination outside MongoDB, written by the user and registered with Extensions::add_sink().
///
/// What the library guarantees:
/// - Each change is delivered at least once. It may be sent again after a crash, a lost lease or a failed
///   batch, always with the same SinkMessage::id.
/// - Changes of one document are sent in their order, and a later one only after an earlier one was delivered
///   or became a dead letter. There is no order between different documents. After a crash, the last changes
///   of a document may be sent again, from one of them on, in their order.
/// - One call has at most `--batch-docs` messages (1000). A batch ends when it exceeds `--batch-bytes` (4
///   MiB).
///
/// What a sink must guarantee:
/// - A message that it reports as delivered survives: the position moves past it, and it is not sent again.
/// - send() may be called by several threads at once, at most `--in-flight` (4), with messages of different
///   documents. The object locks what these calls share.
/// - send() returns soon after `stop` is requested, which happens at the end of a drain. Otherwise the
///   process ends without waiting for it, `--drain-ms` plus 2 s after the signal, and the messages are sent
///   again later.
///
/// The calls run on threads of the library that may block. A worker makes one object for each rule and
/// partition, and other commands (`check`, `dead retry`) make objects of their own. So a constructor must not
/// connect or open anything; open() is for that. An exception from open() or send() counts as retry() with
/// its what(), and no message of that call as delivered. It does not end the worker.
class Sink {
 public:
  Sink() = default;
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// Where messages go, for log lines, /readyz and metrics, such as "file /var/log/orders.jsonl". The same
  /// text for the lifetime of the object, without secrets. Called on any thread; must not throw.
  virtual std::string target() const = 0;

  /// Connects, or opens files. Called when the worker starts. If it reports retry(), the worker starts all
  /// the same, and open() is called again before send() until it succeeds. Never called at the same time as
  /// send() or itself.
  virtual SinkResult open([[maybe_unused]] std::stop_token stop) { return SinkResult::done(); }

  /// Delivers messages and returns when the receiver has them, or when it is known that it cannot.
  virtual SinkResult send(std::span<const SinkMessage> messages, std::stop_token stop) = 0;
};

}  // namespace sluice
