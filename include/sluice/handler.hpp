#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>  // Boost 1.74's awaitable.hpp uses std::exchange without including it
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "sluice/change.hpp"
#include "sluice/rule.hpp"

namespace sluice {

/// What is called for each change: a coroutine on the executor that the Pipeline was made with.
///
/// It has done its work when it returns. Until then no other change of the same document is handed out, and
/// the stored position stays before its change. It may throw: then the change is handed out again after a
/// pause (HandlerOptions::tries), and becomes a dead letter in the end.
///
/// A change may be handed out more than once even without a failure: after a crash, and after a stop that did
/// not leave it the time to return. Let it do the same thing again, or look at Change::idempotency_key().
///
/// Take the Change by value. The function object lives as long as any of its coroutines, so a lambda may use
/// its captures after a co_await. Handlers of different documents run at the same time, on different threads
/// where several run the io_context. A handler that blocks its thread holds up whatever else runs there.
using Handler = std::function<boost::asio::awaitable<void>(Change)>;

/// Thrown by a handler for a change that no further try will help: it becomes a dead letter at once, with
/// what() as its reason.
class Unprocessable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Which changes a handler gets, and what is done when it fails.
struct HandlerOptions {
  /// Names the handler in its stored position, its dead letters, the log and the metrics: letters, digits,
  /// `.`, `_` and `-`. By default the collection's name. Two handlers of a pipeline cannot share one, and a
  /// handler that is renamed starts at the present moment.
  std::string name = {};
  /// Which of the configuration's streams it reads; needed only where there are several.
  std::string stream = {};

  /// Also Operation::drop and Operation::rename, which are about a collection and have no document.
  std::vector<Operation> operations = {Operation::insert, Operation::update, Operation::replace,
                                       Operation::remove};
  /// Updates that touch none of these paths are not handed out. Empty: every update is.
  std::vector<std::string> fields = {};
  /// A condition in Sluice's language: `NEW.status = 'paid' AND OLD.status <> 'paid'` (docs/language.md). The
  /// server evaluates it, and asks for the images that it needs.
  std::string when = {};
  /// An aggregation expression over the change event, in JSON: `{"$gt": ["$fullDocument.total", 100]}`.
  std::string where = {};
  /// The document beside an update. A look-up (FullDocument::look_up) halves the rate at which the server
  /// sends changes, and gives the document as it is now; the other kinds need MongoDB 6.0 and collections
  /// that keep images, which a start sees to.
  FullDocument after = FullDocument::off;
  /// The document before updates, replaces and deletes. Needs MongoDB 6.0, likewise.
  BeforeImage before = BeforeImage::off;
  /// Paths that never leave the server, and the only paths that do; empty: no such restriction.
  std::vector<std::string> redact = {};
  std::vector<std::string> project = {};
  /// Whether changes that the pipeline's own rules made are left out.
  bool ignore_own_writes = false;
  /// Hands out what stands in the collection before the first change, as Operation::snapshot.
  bool snapshot_first = false;

  /// How many of its coroutines may be under way at once, 1 to 10,000. While all are, no more changes are
  /// taken, and when the pipeline's queue is full nothing more is read from the server.
  int at_once = 16;

  /// How often a change is handed out before it becomes a dead letter, 1 to 1,000,000; nothing: until it
  /// succeeds, while all later changes of its document wait. Counted anew in each process.
  std::optional<int> tries = 10;
  /// The pause before a further try is drawn evenly from 0 to a limit that begins with `first_pause`, doubles
  /// each time and is `longest_pause` at most. At least 1 ms, at most an hour.
  std::chrono::milliseconds first_pause{100};
  std::chrono::milliseconds longest_pause{30'000};
};

}  // namespace sluice
