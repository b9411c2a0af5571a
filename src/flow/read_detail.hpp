#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sluice/event.hpp"

namespace sluice::flow {

/// What the server does with the expressions of rules.
enum class Judging : std::uint8_t {
  filter,  ///< it sends the events that one holds for
  tell,    ///< it sends all, and says for whom each is
  skip,    ///< it evaluates none
};

/// How a change stream is read: how much of each event is asked for, and how many events at once.
struct ReadDetail {
  Detail detail = Detail::whole;
  int batch = 1;
  Judging judging = Judging::filter;
  bool pass_over = false;  ///< leave out events whose resume token is too large for any answer

  friend bool operator==(const ReadDetail&, const ReadDetail&) = default;
};

/// Finds the way past events that are too large for the server to send. Its answer to a getMore with such an
/// event in it is an error, and the events before it in that answer are lost with it. So the stream is opened
/// again behind the last place with less of each event; once the place must lie behind, wholly again.
///
///     whole -> needed -> needed in ever smaller batches -> needed one by one -> only the key, of one event
///
/// One event at a time, the error names the guilty one: no other loses its fields. Where a rule can do
/// nothing with a part of an event, every event but the guilty one is to be read wholly:
///
///     whole -> whole in ever smaller batches -> whole one by one -> needed, of one event -> only the key
///
/// An answer holds the _id of an event's document five times, four of them in tokens. Where that alone is too
/// large (above about 3 MB), no answer can hold the event, and it is passed over: what comes behind it is
/// read like any other, wholly at first.
class ReadingPolicy {
 public:
  explicit ReadingPolicy(int batch, bool parts_serve = true)
      : most_(batch), parts_serve_(parts_serve), now_{Detail::whole, batch} {}

  const ReadDetail& now() const { return now_; }

  /// The server could not send what was asked for. False when there is nothing less to ask for.
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
      left_ = most_;  // the guilty event is one of those that were asked for
    } else if (now_.batch > 1) {
      now_.batch = std::max(1, now_.batch / smaller);
    } else {
      now_.detail = Detail::key_only;
    }
    return true;
  }

  /// A rule's expression failed on an event. The guilty one is found likewise and read without being judged.
  /// On the way to it all events are sent: behind one that is kept back the next would be judged in the same
  /// answer. False when it cannot have been an expression.
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

  /// An answer with so many events came. True when the stream is to be read another way from here on.
  bool came(std::size_t events) {
    if (now_ == ReadDetail{Detail::whole, most_}) return false;
    if (now_.pass_over) {
      now_ = {Detail::whole, most_};  // were it still ahead, the way to it would be found again
      return true;
    }
    const bool one = now_.detail == Detail::key_only || now_.judging == Judging::skip ||
                     (!parts_serve_ && now_.detail == Detail::needed);
    if (one && events == 0) return false;  // still on its way
    left_ -= static_cast<std::ptrdiff_t>(events);
    // No event in an answer: everything there was has been read.
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
  std::ptrdiff_t left_ = 0;  ///< events among which the guilty one may still be
};

}  // namespace sluice::flow
