#include "source/feed/feed_admission.hpp"

#include <algorithm>

namespace sluice::source {

namespace {

/// How far apart readers that begin together may be, and a reader behind a feed that has just begun.
constexpr std::uint64_t seconds_apart = 10;
/// How far ahead of a feed a reader may be.
constexpr std::uint64_t seconds_ahead = 2;

std::uint64_t seconds_of(std::uint64_t cluster_time) {
  return cluster_time >> 32;
}

bool behind_by_more(std::uint64_t time, std::uint64_t other, std::uint64_t seconds) {
  return seconds_of(time) + seconds < seconds_of(other);
}

Admissions admit_to_new(const std::vector<Applicant>& applicants) {
  Admissions result;
  std::uint64_t newest = 0;
  for (const Applicant& one : applicants) newest = std::max(newest, one.time);
  for (std::size_t i = 0; i < applicants.size(); ++i) {
    const bool near = !behind_by_more(applicants[i].time, newest, seconds_apart);
    result.of.push_back(near ? Admission::reopened : Admission::refused);
    if (near && (!result.begin_at || applicants[i].place < applicants[*result.begin_at].place))
      result.begin_at = i;
  }
  return result;
}

Admission admit_to(const FeedPlace& feed, const Applicant& one) {
  if (behind_by_more(feed.time, one.time, seconds_ahead)) return Admission::refused;
  if (one.place >= feed.oldest) return one.covered ? Admission::replayed : Admission::reopened;
  const bool near = feed.young && !behind_by_more(one.time, feed.time, seconds_apart);
  return near ? Admission::reopened : Admission::refused;
}

}  // namespace

bool Admissions::opens() const {
  return std::ranges::find(of, Admission::reopened) != of.end();
}

Admissions admit(const std::optional<FeedPlace>& feed, const std::vector<Applicant>& applicants) {
  if (!feed) return admit_to_new(applicants);
  Admissions result;
  std::string_view begin = feed->newest;
  for (std::size_t i = 0; i < applicants.size(); ++i) {
    result.of.push_back(admit_to(*feed, applicants[i]));
    if (result.of.back() != Admission::reopened || applicants[i].place >= begin) continue;
    begin = applicants[i].place;
    result.begin_at = i;
  }
  return result;
}

bool DetachPolicy::holds_up(std::uint64_t taken, flow::Time now) {
  using std::chrono::milliseconds;
  // A reader takes the next piece when it has done enough of the one before, which takes a slow one some
  // time.
  const auto for_stuck = milliseconds(times_ == 0 ? 500 : 100);
  const auto for_slow = milliseconds(times_ == 0 ? 5000 : 1000);
  if (!seen_ || taken != taken_) progress_ = now;
  if (seen_) waited_ += now - *seen_;
  seen_ = now;
  taken_ = taken;
  return now - progress_ >= for_stuck || waited_ >= for_slow;
}

void DetachPolicy::detached(flow::Time now) {
  constexpr auto calm = std::chrono::minutes(1);
  constexpr int most = 5;
  if (now - joined_at_ > calm) times_ = 0;
  not_before_ = now + std::chrono::seconds(1 << times_);
  times_ = std::min(times_ + 1, most);
  keeps_up(true);
}

}  // namespace sluice::source
