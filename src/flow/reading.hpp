#pragma once

#include <algorithm>
#include <cstddef>

#include "sluice/event.hpp"

namespace sluice::flow {

/// How a change stream is read: how much of each event is asked for, and how many events at once.
struct Reading {
  Detail detail = Detail::whole;
  int batch = 1;

  friend bool operator==(const Reading&, const Reading&) = default;
};

/// Finds the way past events that are too large for the server to send. Its answer to a getMore with such an
/// event in it is an error, and the events before it in that answer are lost with it. So the stream is opened
/// again behind the last place with less of each event; once the place must lie behind, wholly again.
///
///     whole -> needed -> needed in ever smaller batches -> needed one by one -> only the key, of one event
///
/// One event at a time, the error names the guilty one: no other loses its fields.
class ReadingPolicy {
 public:
  explicit ReadingPolicy(int batch) : most_(batch), now_{Detail::whole, batch} {}

  const Reading& now() const { return now_; }

  /// The server could not send what was asked for. False when there is nothing less to ask for.
  bool too_large() {
    if (now_.detail == Detail::key_only) return false;
    if (now_.detail == Detail::whole) {
      now_.detail = Detail::needed;
      left_ = most_;  // the guilty event is one of those that were asked for
    } else if (now_.batch > 1) {
      now_.batch = std::max(1, now_.batch / smaller);
    } else {
      now_.detail = Detail::key_only;
    }
    return true;
  }

  /// An answer with so many events came. True when the stream is to be read another way from here on.
  bool came(std::size_t events) {
    if (now_.detail == Detail::whole) return false;
    if (now_.detail == Detail::key_only && events == 0) return false;  // still on its way
    const bool more = now_.detail == Detail::key_only;
    left_ -= static_cast<std::ptrdiff_t>(events);
    // No event in an answer: everything there was has been read.
    const Reading next = events == 0 || left_ <= 0 ? Reading{Detail::whole, most_}
                         : more                    ? Reading{Detail::needed, most_}
                                                   : now_;
    const bool changed = !(next == now_);
    now_ = next;
    return changed;
  }

 private:
  static constexpr int smaller = 10;

  int most_;
  Reading now_;
  std::ptrdiff_t left_ = 0;  ///< events among which the guilty one may still be
};

}  // namespace sluice::flow
