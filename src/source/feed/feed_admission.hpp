#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow/time.hpp"

namespace sluice::source {

/// Where a feed's cursor is. Views are valid for one call.
struct FeedPlace {
  std::string_view oldest;  ///< `_data` of the position that the kept batches begin at
  std::string_view newest;  ///< `_data` of the position of the cursor
  std::uint64_t time = 0;   ///< cluster time of the cursor's position
  bool young = false;       ///< it has only just begun, and may begin again further back
};

/// A reader that asks to be admitted.
struct Applicant {
  std::string_view place;  ///< `_data` of its position
  std::uint64_t time = 0;  ///< cluster time of its position
  bool covered = false;    ///< the cursor's filter includes what it needs
};

enum class Admission : std::uint8_t {
  refused,   ///< it is far from the feed and reads on by itself
  replayed,  ///< it gets the kept batches and those that follow
  reopened,  ///< it gets what the cursor reads after it was opened again
};

struct Admissions {
  std::vector<Admission> of;  ///< of each applicant
  /// The applicant at whose position the cursor is opened; nothing: at the cursor's own position, or not at
  /// all if no applicant needs it.
  std::optional<std::size_t> begin_at;
  bool opens() const;
};

/// Decides who is admitted to a feed. A reader is admitted when the feed can go on exactly where the reader
/// is: the reader's position is within what the feed still holds, or the cursor is opened there. (Readers
/// drop events that they have seen, so a cursor may go back.)
///
/// Readers that are far apart in time do not share a feed: those behind would hold up the others.
/// `feed`: nothing if the feed has no cursor yet. At least one applicant is then admitted.
Admissions admit(const std::optional<FeedPlace>& feed, const std::vector<Applicant>& applicants);

/// Decides when a feed goes on without a reader whose queue is full while others wait, and when that reader
/// may come back. A reader that takes nothing is given up soon. One that is merely slower is given up when
/// the others have waited for it for longer in all. With each time the feed is less patient and the pause
/// longer.
class DetachPolicy {
 public:
  /// Others wait for this reader at `now`. `taken`: how often it has taken something. Returns whether to
  /// go on without it.
  bool holds_up(std::uint64_t taken, flow::Time now);
  /// Nobody waits for it. `caught_up`: it has taken all there is.
  void keeps_up(bool caught_up) {
    seen_.reset();
    if (caught_up) waited_ = flow::Duration::zero();
  }

  bool may_join(flow::Time now) const { return now >= not_before_; }

  void joined(flow::Time now) { joined_at_ = now; }
  void detached(flow::Time now);
  /// The feed refused it.
  void refused(flow::Time now) { not_before_ = now + std::chrono::milliseconds(200); }

 private:
  int times_ = 0;
  flow::Time not_before_{};
  flow::Time joined_at_{};
  std::optional<flow::Time> seen_;  ///< when others were last seen to wait for it
  flow::Time progress_{};           ///< since when it has taken nothing
  std::uint64_t taken_ = 0;
  flow::Duration waited_{};  ///< how long others have waited for it
};

}  // namespace sluice::source
