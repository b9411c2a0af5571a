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

/// A function that is called for each change: a coroutine on the executor that the Pipeline was made with.
///
/// A change is done when the coroutine returns. Until then no other change of the same document is handed
/// out, and the stored position stays before this change. The coroutine may throw: then the change is handed
/// out again after a pause (HandlerOptions::tries), and finally becomes a dead letter.
///
/// A change may be handed out more than once even without a failure: after a crash, and after a stop that
/// left no time to return. So a handler must be able to process a change again, or recognise it by
/// Change::idempotency_key().
///
/// Take the Change by value. The function object lives as long as any of its coroutines, so a lambda may use
/// its captures after a co_await. Handlers of different documents run at the same time, and on different
/// threads if several threads run the io_context. A handler that blocks its thread delays everything else on
/// that thread.
using Handler = std::function<boost::asio::awaitable<void>(Change)>;

/// Thrown by a handler for a change that it can never process: the change becomes a dead letter at once, with
/// what() as its reason.
class Unprocessable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Which changes a handler gets, and what is done when it fails.
struct HandlerOptions {
  /// The handler's name in its stored position, its dead letters, the log and the metrics: letters, digits,
  /// `.`, `_` and `-`. By default the collection's name. Two handlers of a pipeline cannot have the same
  /// name. A handler that is renamed starts at the present moment.
  std::string name = {};
  /// The stream of the configuration that it reads; needed only if there are several.
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
  /// Whether updates have the document after the change. A look-up (FullDocument::look_up) halves the rate at
  /// which the server sends changes, and gives the document as it is at that later moment. The other kinds
  /// need MongoDB 6.0 and collections that keep images, which a starting pipeline enables.
  FullDocument after = FullDocument::off;
  /// Whether updates, replaces and deletes have the document before the change. Needs MongoDB 6.0 and
  /// collections that keep images, which a starting pipeline enables (except for BeforeImage::if_kept).
  BeforeImage before = BeforeImage::off;
  /// `redact`: paths that the server does not send. `project`: the only paths that it sends. Empty: no such
  /// restriction.
  std::vector<std::string> redact = {};
  std::vector<std::string> project = {};
  /// Whether changes written by the pipeline's own rules are left out.
  bool ignore_own_writes = false;
  /// Whether the documents that the collection already has are handed out before the first change, as
  /// Operation::snapshot.
  bool snapshot_first = false;

  /// How many of its coroutines may run at once, 1 to 10,000. While that many run, no more changes are handed
  /// out, and when the pipeline's queue is full nothing more is read from the server.
  int at_once = 16;

  /// How often a change is handed out before it becomes a dead letter, 1 to 1,000,000; nullopt: until it
  /// succeeds, while all later changes of its document wait. Counted anew in each process.
  std::optional<int> tries = 10;
  /// The pause before the next attempt is drawn evenly from 0 to a limit. The limit begins at `first_pause`
  /// and doubles each time, up to `longest_pause`. Both are from 1 ms to one hour.
  std::chrono::milliseconds first_pause{100};
  std::chrono::milliseconds longest_pause{30'000};
};

}  // namespace sluice
