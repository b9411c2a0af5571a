#include "source/feed/feed.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice::source {

namespace {

using Standing = FeedMember::Standing;

/// How long after its first opening a cursor may be opened again further back for a reader that comes late.
constexpr auto young_for = std::chrono::seconds(3);
/// How many times Limits::gather the first reader waits at most.
constexpr int most_gathers = 4;
/// The filter is narrowed when readers have left, but not more often than this.
constexpr auto narrow_every = std::chrono::seconds(2);

}  // namespace

std::shared_ptr<FeedMember> Feed::announce(FeedNeeds needs, MakeStream make_stream) {
  auto member = std::make_shared<FeedMember>(std::move(needs), std::move(make_stream));
  const std::lock_guard lock(mutex_);
  members_.push_back(member);
  return member;
}

void Feed::leave(const std::shared_ptr<FeedMember>& member) {
  const std::lock_guard lock(mutex_);
  std::erase(members_, member);
  member->standing = Standing::apart;
  member->queue.discard();
  someone_left_ = true;
  ++changes_;
  changed_.notify_all();
}

std::optional<std::string> Feed::why_not(const FeedNeeds& needs) const {
  const std::lock_guard lock(mutex_);
  for (const auto& member : members_) {
    if (member->is_tap()) continue;
    if (auto why = why_apart(member->needs, needs)) return why;
  }
  return std::nullopt;
}

void Feed::read_apart(FeedMember& member) {
  const std::lock_guard lock(mutex_);
  member.standing = Standing::apart;
  member.detach_error.reset();
  member.queue.discard();
  ++changes_;
  changed_.notify_all();
}

void Feed::ask(FeedMember& member, const Position& at, bool caught_up) {
  const flow::Time now = now_();
  const std::lock_guard lock(mutex_);
  if (caught_up) member.passed_failures = failures_;
  const bool alone = members_.size() < 2 && !sharing_.make_cursor;
  if (member.is_tap() && follows()) return;
  if (member.standing != Standing::apart || alone) return;
  if (!member.policy.may_join(now) || !after_failure_.may_join(now)) return;
  if (member.passed_failures != failures_) return;
  member.standing = Standing::asking;
  member.asked = at;
  if (!open_ && in(Standing::joined).empty()) {
    if (!first_asked_) first_asked_ = now;
    last_asked_ = now;
  }
  ++changes_;
  changed_.notify_all();
}

Standing Feed::standing(const FeedMember& member) const {
  const std::lock_guard lock(mutex_);
  return member.standing;
}

Standing Feed::wait_while_gathering(const FeedMember& member) {
  std::unique_lock lock(mutex_);
  answered_.wait_for(lock, (most_gathers + 1) * limits_.gather,
                     [&] { return !first_asked_ || member.standing != Standing::asking; });
  return member.standing;
}

Standing Feed::wait_for_answer(const FeedMember& member, flow::Duration most) {
  std::unique_lock lock(mutex_);
  answered_.wait_for(lock, most, [&] { return member.standing != Standing::asking; });
  return member.standing;
}

void Feed::made_room() {
  const std::lock_guard lock(mutex_);
  if (!blocked_) return;
  ++changes_;
  changed_.notify_all();
}

std::optional<Error> Feed::take_detach_error(FeedMember& member) {
  const std::lock_guard lock(mutex_);
  return std::exchange(member.detach_error, std::nullopt);
}

Feed::Members Feed::in(Standing standing) const {
  Members found;
  for (const auto& member : members_) {
    if (member->standing == standing) found.push_back(member);
  }
  return found;
}

Feed::Members Feed::sharing_here() const {
  Members found = in(Standing::joined);
  std::erase_if(found, [](const auto& member) { return member->is_tap(); });
  return found;
}

std::string Feed::identity() const {
  const std::lock_guard lock(mutex_);
  return needed()->identity();
}

std::size_t Feed::followers(const std::string& stream) const {
  const std::lock_guard lock(mutex_);
  if (std::ranges::none_of(members_, [&](const auto& member) { return member->needs.stream == stream; }))
    return 0;
  const Members joined = in(Standing::joined);
  return static_cast<std::size_t>(
      std::ranges::count_if(joined, [](const auto& member) { return member->is_tap(); }));
}

Feed::Counts Feed::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts;
  std::size_t apart = 0;
  counts.follows = follows() ? 1 : 0;
  counts.cursors = open_ && !follows() ? 1 : 0;
  for (const auto& member : members_) {
    if (member->is_tap()) {
      if (member->standing == Standing::joined) ++counts.taps;
      continue;
    }
    if (member->has_cursor) ++counts.cursors;
    if (member->standing == Standing::announced) continue;
    ++counts.readers;
    if (member->standing != Standing::joined) ++apart;
  }
  if (counts.readers > 1 || sharing_.make_cursor) counts.detached = apart;
  counts.detaches = detaches_;
  counts.openings = openings_;
  return counts;
}

/// The first readers begin together, so that the cursor begins where the one furthest behind is. If one came
/// later, the cursor would be opened again further back, and the server would read the same twice. So it
/// waits for longer while readers still come, as they do where many start at once.
bool Feed::gathering(flow::Time now, Step& step) const {
  if (!first_asked_ || !in(Standing::joined).empty()) return false;
  const bool all_asked = std::ranges::none_of(
      members_, [](const auto& member) { return !member->is_tap() && member->standing <= Standing::apart; });
  step.due = std::min(last_asked_ + limits_.gather, *first_asked_ + most_gathers * limits_.gather);
  return !all_asked && now < *step.due;
}

/// Readers that are detached count too, since they will join again.
std::shared_ptr<const FeedFilter> Feed::needed() const {
  std::vector<const FeedNeeds*> needs;
  for (const auto& member : members_) {
    const bool gone = member->is_tap() && member->standing <= Standing::apart;
    if (member->standing != Standing::announced && !gone) needs.push_back(&member->needs);
  }
  return std::make_shared<const FeedFilter>(needs);
}

/// Decides about those who ask, and whether the cursor has to be opened, and where.
std::optional<Feed::Opening> Feed::plan(flow::Time now) {
  first_asked_.reset();
  const Members askers = in(Standing::asking);
  std::vector<Applicant> applicants;
  for (const auto& one : askers) {
    applicants.push_back({one->asked.data(), one->asked.cluster_time, open_ && filter_->covers(one->needs)});
  }
  std::optional<FeedPlace> place;
  const std::string_view oldest = kept_.empty() ? at_.data() : std::string_view(kept_.front()->begin);
  if (open_) place = {oldest, at_.data(), at_.cluster_time, now - began_ < young_for};
  Admissions admissions;
  if (!askers.empty()) admissions = admit(place, applicants);
  Opening opening{filter_, at_, {}};
  if (admissions.begin_at) opening.at = askers[*admissions.begin_at]->asked;
  admit_askers(askers, admissions, now);
  answered_.notify_all();
  const Members joined = sharing_here();
  if (joined.empty()) {
    detach_taps();
    return std::nullopt;
  }
  // The cursor uses the connections of the stream that made it, which has been replaced if its reader has
  // left.
  const bool orphaned = std::ranges::find(members_, maker_) == members_.end();
  const bool renew = open_ && (orphaned || cursor_->outdated());
  const bool narrows = narrower(now);
  if (!admissions.opens() && !renew && !narrows && open_) return std::nullopt;
  if (!open_) began_ = now;
  opening.filter = needed();
  maker_ = joined.front();
  opening.make_stream = maker_->make_stream;
  opened_at_ = now;
  after_failure_.joined(now);
  return opening;
}

void Feed::admit_askers(const Members& askers, const Admissions& admissions, flow::Time now) {
  for (std::size_t i = 0; i < askers.size(); ++i) {
    FeedMember& member = *askers[i];
    if (admissions.of[i] == Admission::refused) {
      member.standing = Standing::apart;
      member.policy.refused(now);
      continue;
    }
    member.queue.begin();
    member.standing = Standing::joined;
    member.policy.joined(now);
    if (admissions.of[i] != Admission::replayed) continue;
    for (const auto& batch : kept_) {
      if (batch->end.data() > member.asked.data()) member.queue.push(batch);
    }
  }
}

/// Whether readers have left whose documents or collections nobody else needs.
bool Feed::narrower(flow::Time now) {
  if (!open_ || !someone_left_ || now - opened_at_ < narrow_every) return false;
  someone_left_ = false;
  return !needed()->equals(*filter_);
}

/// Detaches the readers for which others have waited too long. Returns whether there was one. The memory that
/// is missing comes back when the reader furthest behind goes on: the others wait for that one, and not for
/// each other.
bool Feed::detach_slow(flow::Time now, bool by_bytes) {
  bool any = false;
  const auto joined = in(Standing::joined);
  if (std::ranges::none_of(joined, [](const auto& one) { return one->queue.is_hungry(); })) return false;
  std::size_t longest = 1;
  for (const auto& one : joined) longest = std::max(longest, one->queue.length());
  for (const auto& one : joined) {
    const bool slow = one->queue.is_full() || (by_bytes && one->queue.length() >= longest);
    if (!slow) one->policy.keeps_up(false);
    if (!slow || !one->policy.holds_up(one->queue.taken(), now)) continue;
    ++detaches_;
    one->queue.discard();
    one->policy.detached(now);
    detach(*one, std::nullopt);
    any = true;
  }
  return any;
}

/// Readers of this instance make the cursor, so without them the taps end.
void Feed::detach_taps() {
  for (const auto& member : in(Standing::joined)) {
    if (member->is_tap()) detach(*member, std::nullopt);
  }
}

void Feed::detach(FeedMember& member, const std::optional<Error>& why) {
  member.standing = Standing::apart;
  member.detach_error = why;
  member.queue.end();
}

}  // namespace sluice::source
