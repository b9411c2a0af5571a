#include "source/feed/feed.hpp"

#include <algorithm>

#include "core/guarded.hpp"
#include "sluice/event.hpp"

namespace sluice::source {

namespace {

using Standing = FeedMember::Standing;

/// How long after its first opening a cursor may be opened again further back for a reader that comes late.
constexpr auto young_for = std::chrono::seconds(3);
/// How often it looks whether readers that wait for others have waited too long.
constexpr auto look_again = std::chrono::milliseconds(10);
/// The filter is narrowed when readers have left, but not more often than this.
constexpr auto narrow_every = std::chrono::seconds(2);

/// Whether an error has nothing to do with a certain event, so that every reader would meet it.
bool is_common(const Error& error) {
  switch (error.kind) {
    case ErrorKind::transient:
    case ErrorKind::too_slow:
    case ErrorKind::denied:
    case ErrorKind::unavailable:
    case ErrorKind::cursor_gone:
      return true;
    default:
      return false;
  }
}

}  // namespace

/// What the feed's thread has to do before it reads on.
struct Feed::Opening {
  std::shared_ptr<const FeedFilter> filter;
  Position at;
  MakeStream make_stream;
};

Feed::Feed(std::string name, Limits limits, std::shared_ptr<flow::BudgetPool> memory, Say say, Now now)
    : name_(std::move(name)),
      limits_(limits),
      memory_(std::move(memory)),
      say_(std::move(say)),
      now_(std::move(now)) {}

Feed::~Feed() {
  request_stop();
}

void Feed::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Feed::request_stop() {
  thread_.request_stop();
  const std::lock_guard lock(mutex_);
  ++changes_;
  changed_.notify_all();
}

void Feed::join() {
  if (thread_.joinable()) thread_.join();
}

bool Feed::is_unused() const {
  const std::lock_guard lock(mutex_);
  return members_.empty() && !open_ && !opening_;
}

void Feed::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::uint64_t seen = 0;
    {
      const std::lock_guard lock(mutex_);
      seen = changes_;
    }
    Step done;
    run_guarded([&] { done = step(); },
                [&](int, const char* what) {
                  fail({ErrorKind::fatal, 0, what}, now_());
                });
    if (done.read) continue;
    std::unique_lock lock(mutex_);
    const auto happened = [&] { return changes_ != seen || stop.stop_requested(); };
    if (done.due) {
      changed_.wait_until(lock, *done.due, happened);
    } else {
      changed_.wait(lock, happened);
    }
  }
  close();
  const std::lock_guard lock(mutex_);
  for (const auto& member : members_) {
    if (member->standing == Standing::joined) cut(*member, std::nullopt);
    if (member->standing == Standing::asking) member->standing = Standing::apart;
  }
  answered_.notify_all();
}

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
    if (auto why = why_apart(member->needs, needs)) return why;
  }
  return std::nullopt;
}

void Feed::detach(FeedMember& member) {
  const std::lock_guard lock(mutex_);
  member.standing = Standing::apart;
  member.cut_off.reset();
  member.queue.discard();
  ++changes_;
  changed_.notify_all();
}

void Feed::ask(FeedMember& member, const Position& at, bool caught_up) {
  const flow::Time now = now_();
  const std::lock_guard lock(mutex_);
  if (caught_up) member.passed_failures = failures_;
  if (member.standing != Standing::apart || members_.size() < 2) return;
  if (!member.policy.may_join(now) || !after_failure_.may_join(now)) return;
  if (member.passed_failures != failures_) return;
  member.standing = Standing::asking;
  member.asked = at;
  if (!open_ && !first_asked_ && in(Standing::joined).empty()) first_asked_ = now;
  ++changes_;
  changed_.notify_all();
}

Standing Feed::standing(const FeedMember& member) const {
  const std::lock_guard lock(mutex_);
  return member.standing;
}

Standing Feed::wait_while_gathering(const FeedMember& member) {
  std::unique_lock lock(mutex_);
  answered_.wait_for(lock, 2 * limits_.gather,
                     [&] { return !first_asked_ || member.standing != Standing::asking; });
  return member.standing;
}

Standing Feed::wait_for_answer(const FeedMember& member) {
  std::unique_lock lock(mutex_);
  answered_.wait_for(lock, limits_.answer, [&] { return member.standing != Standing::asking; });
  return member.standing;
}

void Feed::made_room() {
  const std::lock_guard lock(mutex_);
  if (!blocked_) return;
  ++changes_;
  changed_.notify_all();
}

std::optional<Error> Feed::take_cut_off(FeedMember& member) {
  const std::lock_guard lock(mutex_);
  return std::exchange(member.cut_off, std::nullopt);
}

Feed::Members Feed::in(Standing standing) const {
  Members found;
  for (const auto& member : members_) {
    if (member->standing == standing) found.push_back(member);
  }
  return found;
}

Feed::Counts Feed::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts;
  std::size_t apart = 0;
  counts.cursors = open_ ? 1 : 0;
  for (const auto& member : members_) {
    if (member->has_cursor) ++counts.cursors;
    if (member->standing == Standing::announced) continue;
    ++counts.readers;
    if (member->standing != Standing::joined) ++apart;
  }
  if (counts.readers > 1) counts.detached = apart;
  counts.detaches = detaches_;
  counts.openings = openings_;
  return counts;
}

Feed::Step Feed::step() {
  const flow::Time now = now_();
  Step step;
  std::optional<Opening> opening;
  bool unused = false;
  {
    const std::lock_guard lock(mutex_);
    if (gathering(now, step)) return step;
    opening = plan(now);
    unused = in(Standing::joined).empty();
    if (!unused && !opening && !has_room(now, step)) return step;
  }
  if (unused) {
    close();
    return step;
  }
  step.read = true;
  if (!opening) {
    read(now);
  } else if (const auto error = open(*opening)) {
    fail(*error, now);
  }
  return step;
}

/// The first readers begin together, so that the cursor begins where the one furthest behind is.
bool Feed::gathering(flow::Time now, Step& step) const {
  if (!first_asked_ || !in(Standing::joined).empty()) return false;
  const bool all_asked = in(Standing::announced).empty() && in(Standing::apart).empty();
  step.due = *first_asked_ + limits_.gather;
  return !all_asked && now < *step.due;
}

/// Readers that are detached count too, since they will join again.
std::shared_ptr<const FeedFilter> Feed::needed() const {
  std::vector<const FeedNeeds*> needs;
  for (const auto& member : members_) {
    if (member->standing != Standing::announced) needs.push_back(&member->needs);
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
  const Members joined = in(Standing::joined);
  if (joined.empty()) return std::nullopt;
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

/// Readers that divide the documents get a part of each answer. Larger answers make up for that: the less a
/// reader gets at once, the more transactions it writes.
int Feed::batch_for(const StreamFilter& filter) const {
  constexpr std::size_t most = 4;
  const std::size_t readers = filter.shard_count == 1 ? 1 : filter.shards.size();
  return limits_.cursor_batch * static_cast<int>(std::min(readers, most));
}

std::optional<Error> Feed::open(const Opening& opening) {
  close(true);
  auto cursor = opening.make_stream(opening.filter->filter());
  cursor->read_as({Detail::whole, batch_for(opening.filter->filter())});
  Position at;
  // The position may be at an event that another filter let pass.
  if (auto error = mongo::or_error([&] { return cursor->open(opening.at, at, true); })) return error;
  const std::lock_guard lock(mutex_);
  cursor_ = std::move(cursor);
  filter_ = opening.filter;
  at_ = opening.at;
  open_ = true;
  opening_ = false;
  if (!membership_) membership_.emplace(memory_);
  ++openings_;
  someone_left_ = false;
  return std::nullopt;
}

bool Feed::has_room(flow::Time now, Step& step) {
  const auto joined = in(Standing::joined);
  const bool by_count = std::ranges::any_of(joined, [](const auto& one) { return one->queue.is_full(); });
  const bool by_bytes = !has_bytes();
  blocked_ = by_count || by_bytes;
  if (blocked_) {
    step.due = now + look_again;
    if (detach_slow(now, by_bytes)) step.due = now;
    return false;
  }
  for (const auto& one : joined) one->policy.keeps_up(one->queue.empty());
  return true;
}

/// Whether there is room for another answer: among those that wait for readers, and in the process. (What
/// readers have taken is theirs to give back, so one answer may wait however much they hold.)
bool Feed::has_bytes() {
  const std::int64_t queued = *bytes_queued_;
  if (queued <= 0) return true;
  const std::int64_t expected = std::min(last_size_, most_bytes());
  if (queued + expected > limits_.queue_bytes) return false;
  if (memory_->reading().admits(queued, expected)) return true;
  while (kept_.size() > 1) drop_oldest();
  return memory_->reading().admits(queued, expected);
}

/// The bytes that the next answer should have at most.
std::int64_t Feed::most_bytes() const {
  constexpr std::int64_t part_of_free = 4;
  return memory_->reading().portion(part_of_free, flow::SharedBytes::answer_part);
}

std::size_t Feed::most_events() const {
  const auto asked = static_cast<std::size_t>(batch_for(filter_->filter()));
  return std::clamp<std::size_t>(static_cast<std::size_t>(most_bytes() / bytes_of_an_event_), 1, asked);
}

/// Detaches the readers for which others have waited too long. Returns whether there was one.
bool Feed::detach_slow(flow::Time now, bool by_bytes) {
  bool any = false;
  const auto joined = in(Standing::joined);
  if (std::ranges::none_of(joined, [](const auto& one) { return one->queue.is_hungry(); })) return false;
  for (const auto& one : joined) {
    const bool slow = one->queue.is_full() || (by_bytes && !one->queue.empty());
    if (!slow || !one->policy.holds_up(one->queue.taken(), now)) continue;
    ++detaches_;
    one->queue.discard();
    one->policy.detached(now);
    cut(*one, std::nullopt);
    any = true;
  }
  return any;
}

void Feed::read(flow::Time now) {
  std::unique_ptr<StreamBatch> answer;
  const std::size_t most = most_events();
  cursor_->read_at_most({.events = most});
  if (const auto error = mongo::or_error([&] { return cursor_->next(answer); })) return fail(*error, now);
  const bool ended = cursor_->invalidated();
  last_size_ = static_cast<std::int64_t>(answer->size);
  if (!answer->events.empty())
    bytes_of_an_event_ =
        std::max<std::int64_t>(1, last_size_ / static_cast<std::int64_t>(answer->events.size()));
  if (answer->resume_token || !answer->events.empty()) {
    const bool full = answer->events.size() >= most;
    const std::shared_ptr<FeedBatch> batch = mark(std::move(answer));
    batch->full = full;
    const std::lock_guard lock(mutex_);
    at_ = batch->end;
    for (const auto& member : in(Standing::joined)) member->queue.push(batch);
    keep(batch);
  }
  if (ended) fail({ErrorKind::cursor_gone, 0, "the watched database was dropped"}, now);
}

/// Keeps the newest batches for readers that join.
void Feed::keep(std::shared_ptr<const FeedBatch> batch) {
  kept_bytes_ += static_cast<std::int64_t>(batch->answer.size);
  kept_.push_back(std::move(batch));
  while (kept_.size() > 1 && (kept_.size() > FeedQueue::replayed || kept_bytes_ > limits_.kept_bytes))
    drop_oldest();
}

void Feed::drop_oldest() {
  kept_bytes_ -= static_cast<std::int64_t>(kept_.front()->answer.size);
  kept_.pop_front();
}

std::shared_ptr<FeedBatch> Feed::mark(std::unique_ptr<StreamBatch> answer) {
  auto batch = std::make_shared<FeedBatch>();
  batch->answer = std::move(*answer);
  batch->filter = filter_;
  batch->begin = at_.data();
  batch->end = end_of(batch->answer);
  batch->bytes_queued = bytes_queued_;
  const bool divided = filter_->divides();
  if (divided && !hasher_) hasher_.emplace();
  batch->marks.reserve(batch->answer.events.size());
  for (const bson::View document : batch->answer.events) {
    ChangeEvent event;
    parse_event(document, event);
    const auto of_document = static_cast<bool>(event.id);
    const std::uint64_t hash =
        of_document && divided ? static_cast<std::uint64_t>(hasher_->hash(event.id)) : 0;
    batch->marks.push_back({event.token_data, event.collection, hash, of_document});
  }
  const std::size_t found_out = batch->marks.size() * (sizeof(EventMark) + sizeof(bson::View));
  batch->memory = {memory_, static_cast<std::int64_t>(batch->answer.size + found_out)};
  return batch;
}

void Feed::cut(FeedMember& member, const std::optional<Error>& why) {
  member.standing = Standing::apart;
  member.cut_off = why;
  member.queue.end();
}

/// Detaches all readers. An error that may concern a single event is not passed on: each reader finds out
/// with a cursor of its own whether the event is for it.
void Feed::fail(const Error& error, flow::Time now) {
  close();
  const std::lock_guard lock(mutex_);
  const bool common = is_common(error);
  if (!common) {
    ++failures_;
    after_failure_.detached(now);
    say_("the change stream that several readers share failed: " + error.text() +
         "; each of them reads by itself for a while");
  }
  for (const auto& member : members_) {
    if (member->standing == Standing::joined) cut(*member, common ? std::optional(error) : std::nullopt);
    if (member->standing == Standing::asking) member->standing = Standing::apart;
  }
  answered_.notify_all();
}

/// `opening`: another cursor is about to be opened.
void Feed::close(bool opening) {
  cursor_.reset();
  const std::lock_guard lock(mutex_);
  opening_ = opening;
  if (in(Standing::joined).empty()) maker_.reset();
  open_ = false;
  if (!opening) membership_.reset();
  kept_.clear();
  kept_bytes_ = 0;
}

}  // namespace sluice::source
