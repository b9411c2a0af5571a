#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sluice/event.hpp"

namespace sluice::flow {

/// What the server does with the rules' expressions (conditions on events).
enum class Judging : std::uint8_t {
  filter,  ///< it sends only the events for which one is true
  tell,    ///< it sends all events, and marks for each the subscriptions whose expression is true
  skip,    ///< it evaluates none
};

/// How a change stream is read: how much of each event the server sends, and how many events in one answer.
struct ReadDetail {
  Detail detail = Detail::whole;
  int batch = 1;
  Judging judging = Judging::filter;
  bool pass_over = false;  ///< leave out events whose resume token is too large for any answer

  friend bool operator==(const ReadDetail&, const ReadDetail&) = default;
};

/// Decides how to read a change stream past an event that is too large for the server to send. The server
/// answers a getMore that has such an event with an error, and the events before it in that answer are lost
/// with it. So the stream is opened again behind the last known position and asks for less of each event.
/// Once the large event must have passed, it reads whole events again:
///
///     whole -> needed -> needed in ever smaller batches -> needed one by one -> only the key, of one event
///
/// When events are read one by one, the error concerns exactly the large event, so no other event loses
/// fields. If a rule cannot work with a part of an event, all events but the large one are read whole:
///
///     whole -> whole in ever smaller batches -> whole one by one -> needed, of one event -> only the key
///
/// An answer holds the _id of an event's document five times, four of them in tokens. If the _id alone makes
/// it too large (above about 3 MB), no answer can hold the event, and it is skipped. Events behind it are
/// read as usual, whole at first.
class ReadingPolicy {
 public:
  explicit ReadingPolicy(int batch, bool parts_serve = true)
      : most_(batch), parts_serve_(parts_serve), now_{Detail::whole, batch} {}

  const ReadDetail& now() const { return now_; }

  /// The server could not send the answer because it was too large. Returns false when there is nothing less
  /// to ask for.
  bool too_large() {
    if (now_.detail == Detail::key_only) {
      if (now_.pass_over) return false;
      now_ = {Detail::whole, most_, now_.judging, true};
    } else if (now_.detail == Detail::whole && !parts_serve_) {
      if (now_.batch == most_) left_ = most_;
      if (now_.batch == 1) now_.detail = Detail::needed;
      now_.batch = std::max(1, now_.batch / smaller);
    } else if (now_.detail == Detail::whole) {
      now_.detail = Detail::needed;
      left_ = most_;  // the large event is one of these
    } else if (now_.batch > 1) {
      now_.batch = std::max(1, now_.batch / smaller);
    } else {
      now_.detail = Detail::key_only;
    }
    return true;
  }

  /// The server failed to evaluate a rule's expression on an event. That event is found in the same way, and
  /// is read without evaluating expressions. Until it is found the server sends all events: if it filtered,
  /// it would evaluate several events for one answer, and the error could come from any of them. Returns
  /// false if no expressions were evaluated, so the error has another cause.
  bool misjudged() {
    if (now_.judging == Judging::skip) return false;
    if (now_.judging == Judging::filter) {
      now_.judging = Judging::tell;
      left_ = most_;
    } else if (now_.batch == 1) {
      now_.judging = Judging::skip;
    }
    now_.batch = std::max(1, now_.batch / smaller);
    return true;
  }

  /// An answer with `events` events came. Returns true when the stream must be read in another way from here
  /// on.
  bool came(std::size_t events) {
    if (now_ == ReadDetail{Detail::whole, most_}) return false;
    if (now_.pass_over) {
      now_ = {Detail::whole, most_};  // if the event is still ahead, the search starts again
      return true;
    }
    const bool one = now_.detail == Detail::key_only || now_.judging == Judging::skip ||
                     (!parts_serve_ && now_.detail == Detail::needed);
    if (one && events == 0) return false;  // the event has not come yet
    left_ -= static_cast<std::ptrdiff_t>(events);
    // An empty answer means that everything there was has been read.
    const ReadDetail next = events == 0 || left_ <= 0 || (one && !parts_serve_)
                                ? ReadDetail{Detail::whole, most_}
                            : one ? ReadDetail{Detail::needed, most_}
                                  : now_;
    const bool changed = !(next == now_);
    now_ = next;
    return changed;
  }

 private:
  static constexpr int smaller = 10;

  int most_;
  bool parts_serve_;
  ReadDetail now_;
  std::ptrdiff_t left_ = 0;  ///< the event searched for is among the next so many
};

}  // namespace sluice::flow
