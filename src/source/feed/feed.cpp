#include "source/feed/feed.hpp"

#include <algorithm>

#include "core/guarded.hpp"
#include "sluice/event.hpp"

namespace sluice::source {

namespace {

using Standing = FeedMember::Standing;

/// How often it looks whether readers that wait for others have waited too long.
constexpr auto look_again = std::chrono::milliseconds(10);

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

Feed::Feed(std::string name, Limits limits, std::shared_ptr<flow::BudgetPool> memory, Say say, Now now,
           FeedSharing sharing)
    : name_(std::move(name)),
      limits_(limits),
      memory_(std::move(memory)),
      say_(std::move(say)),
      now_(std::move(now)),
      sharing_(std::move(sharing)),
      stepped_at_(now_()) {}

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

bool Feed::is_silent() const {
  return now_() - stepped_at_.load() > limits_.silence;
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
    if (member->standing == Standing::joined) detach(*member, std::nullopt);
    if (member->standing == Standing::asking) member->standing = Standing::apart;
  }
  answered_.notify_all();
}

Feed::Step Feed::step() {
  const flow::Time now = now_();
  stepped_at_ = now;
  Step step;
  std::optional<Opening> opening;
  bool unused = false;
  {
    const std::lock_guard lock(mutex_);
    if (gathering(now, step)) return step;
    opening = plan(now);
    unused = sharing_here().empty();
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

/// Readers that divide the documents get a part of each answer. Larger answers make up for that: the less a
/// reader gets at once, the more transactions it writes.
int Feed::batch_for(const StreamFilter& filter) const {
  constexpr std::size_t most = 4;
  const std::size_t readers = filter.shard_count == 1 ? 1 : filter.shards.size();
  return limits_.cursor_batch * static_cast<int>(std::min(readers, most));
}

std::optional<Error> Feed::open(const Opening& opening) {
  close(true);
  auto cursor = sharing_.make_cursor ? sharing_.make_cursor(*opening.filter, opening.make_stream)
                                     : opening.make_stream(opening.filter->filter());
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
  for (const auto& member : in(Standing::joined)) {
    if (member->is_tap() && (follows() || !filter_->covers(member->needs))) detach(*member, std::nullopt);
  }
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
    if (follows()) detach_taps();  // it has only just begun to follow: none of them may be what it follows
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
    if (member->standing == Standing::joined) detach(*member, common ? std::optional(error) : std::nullopt);
    if (member->standing == Standing::asking) member->standing = Standing::apart;
  }
  answered_.notify_all();
}

/// `opening`: another cursor is about to be opened.
void Feed::close(bool opening) {
  cursor_.reset();
  const std::lock_guard lock(mutex_);
  opening_ = opening;
  if (sharing_here().empty()) maker_.reset();
  open_ = false;
  if (!opening) membership_.reset();
  kept_.clear();
  kept_bytes_ = 0;
}

}  // namespace sluice::source
