#include "flow/lane.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace sluice::flow {

namespace {

constexpr std::int32_t duplicate_key = 11000;
constexpr int tries_before_split = 3;
// Another transaction writes to the same documents. A smaller batch would meet it as well; a larger one makes
// fewer transactions that can meet.
constexpr std::int32_t write_conflict = 112;
constexpr int conflicts_before_split = 8;
constexpr Duration least_conflict_linger = std::chrono::milliseconds(25);
constexpr Duration most_conflict_linger = std::chrono::milliseconds(200);
constexpr int contended_after_conflict = 100;  // batches
constexpr int tries_before_duplicate_is_believed = 4;
// Server codes TransactionTooLarge and TransactionTooLargeForCache. For a single event they do not go away
// with time.
constexpr std::int32_t transaction_too_large = 257;
constexpr std::int32_t too_large_for_cache = 388;
constexpr int tries_before_too_much_is_believed = 6;
// The copies of a batch may need twice the expected bytes, and always this many.
constexpr std::size_t least_copy_bytes = 1u << 20;
constexpr std::size_t bytes_of_a_write = 160;  // what the server's write operation adds to the value itself

struct TargetBytes {
  std::size_t operator()(const Increment& effect) const { return effect.id.raw().size(); }
  std::size_t operator()(const Refresh& effect) const { return effect.source_id.raw().size(); }
  std::size_t operator()(const Fill& effect) const { return effect.target_id.raw().size(); }
  std::size_t operator()(const Reject&) const { return 0; }
  std::size_t operator()(const Deliver& effect) const {
    const Message& message = *effect.message;
    return message.payload.size() + message.headers.size() + message.text.size();
  }
  std::size_t operator()(const Put& effect) const { return effect.id.raw().size() + effect.values.size(); }
};

bool copies(const Item& item) {
  if (item.refusal != 0) return false;
  return std::holds_alternative<Refresh>(item.effect.body) || std::holds_alternative<Fill>(item.effect.body);
}

std::size_t bytes_of(const Item& item) {
  if (item.refusal != 0) return item.event->document.size();
  return bytes_of_a_write + std::visit(TargetBytes{}, item.effect.body);
}

}  // namespace

Lane::Lane(LaneLimits limits, LaneGuard guard, const std::vector<std::string>& rule_names, std::uint64_t seed)
    : limits_(limits),
      rule_names_(rule_names),
      backoff_({std::chrono::milliseconds(5), std::chrono::seconds(1)}, seed),
      max_items_(SIZE_MAX) {
  batch_.guard = std::move(guard);
}

void Lane::offer(const Item& item, Time now) {
  if (items_.size() == (sending_ ? in_batch_ : 0)) oldest_ = now;
  items_.push_back(item);
  if (const auto* reject = std::get_if<Reject>(&item.effect.body)) {
    refuse_item(items_.back(), add_refusal({ErrorKind::own_fault, reject->code, reject->reason, false}));
  }
}

void Lane::pop() {
  if (const std::uint32_t number = items_.front().refusal; number != 0) {
    const auto refusal = refusals_.find(number);
    if (refusal != refusals_.end() && --refusal->second.items == 0) refusals_.erase(refusal);
  }
  items_.pop_front();
}

std::uint32_t Lane::add_refusal(Error why) {
  if (++last_refusal_ == 0) ++last_refusal_;  // the counter has wrapped around, and 0 means "not refused"
  refusals_[last_refusal_] = {std::move(why), 0};
  return last_refusal_;
}

void Lane::refuse_item(Item& item, std::uint32_t refusal) {
  item.refusal = refusal;
  ++refusals_.at(refusal).items;
}

Time Lane::ready_at() const {
  const Duration linger = std::max(std::min(limits_.linger, last_done_ - sent_), conflict_linger_);
  return std::max(oldest_ + limits_.fill, std::min(oldest_, last_done_) + linger);
}

bool Lane::ready(Time now) const {
  return flushing_ || unfinished_ || tries_ > 0 || items_.size() >= limits_.batch_docs || now >= ready_at();
}

LaneAction Lane::next(Time now, std::size_t most_bytes) {
  if (sending_ || items_.empty()) return {};
  if (retry_at_ && now < *retry_at_) return {LaneActionKind::wait, retry_at_};
  if (!ready(now)) return {LaneActionKind::wait, ready_at()};
  retry_at_.reset();
  if (!in_doubt_) build(std::min(most_bytes, limits_.batch_bytes));
  sending_ = true;
  sent_ = now;
  return {LaneActionKind::send, std::nullopt};
}

bool Lane::at_event_end(std::size_t count) const {
  return count == items_.size() || items_[count].event != items_[count - 1].event;
}

void Lane::add_item(const Item& item) {
  if (item.refusal == 0) {
    merger_.add(item.effect);
    return;
  }
  const Error& why = refusals_.at(item.refusal).why;
  batch_.writes.push_back(std::make_shared<const DeadLetterWrite>(
      DeadLetterWrite{rule_names_[item.effect.rule], item.event->token, item.event->cluster_time,
                      item.event->document, why.code, why.message, item.effect, letter_form_}));
}

void Lane::build(std::size_t most_bytes) {
  merger_.start(batch_.writes);
  std::size_t bytes = 0;
  double documents = 0;
  copies_in_batch_ = 0;
  in_batch_ = 0;
  batch_.events = 0;
  for (const Item& item : items_) {
    const std::size_t before = batch_.writes.size();
    add_item(item);
    if (batch_.writes.size() > before) {
      bytes += bytes_of(item);
      documents += std::holds_alternative<Refresh>(item.effect.body) ? fan_out_ : 1;
      copies_in_batch_ += copies(item) ? 1 : 0;
    }
    ++in_batch_;
    if (!at_event_end(in_batch_)) continue;
    ++batch_.events;
    if (bytes + expected_copy_bytes() >= most_bytes || in_batch_ >= max_items_ ||
        documents >= static_cast<double>(limits_.batch_docs)) {
      break;
    }
  }
  const EventRecord& last = *items_[in_batch_ - 1].event;
  batch_.token = last.token;
  batch_.cluster_time = last.cluster_time;
  batch_.copy_bytes = copies_in_batch_ == 0 ? 0 : std::max(least_copy_bytes, 2 * expected_copy_bytes());
  batch_.in_pieces = in_pieces_;
  batch_.one_by_one = one_by_one_;
  batch_.contended = contended_batches_ > 0;
}

LaneReport Lane::done(const Outcome& outcome, Time now) {
  assert(sending_);
  sending_ = false;
  last_done_ = now;
  learn_copy_bytes(outcome);
  const bool unknown = outcome.error && outcome.error->unknown_commit;
  in_doubt_ = !outcome.committed && (unknown || (in_doubt_ && !outcome.guard_held));
  unfinished_ = outcome.unfinished;
  if (!outcome.committed) {
    LaneReport report = outcome.unfinished ? LaneReport{} : not_committed(outcome, now);
    report.resolved = done_items(outcome);
    return report;
  }
  if (outcome.position_moved) ++batch_.guard.seq;
  learn_fan_out(outcome);
  if (max_items_ < SIZE_MAX / 2) max_items_ *= 2;
  if (tries_ == 0)
    conflict_linger_ = conflict_linger_ < least_conflict_linger ? Duration(0) : conflict_linger_ / 2;
  if (contended_batches_ > 0) --contended_batches_;
  tries_ = 0;
  too_large_failures_ = 0;
  duplicate_keys_ = 0;
  in_pieces_ = false;
  one_by_one_ = false;
  letter_form_ = LetterForm::readable;
  backoff_.reset();
  return {in_batch_, std::nullopt, std::nullopt};
}

LaneReport Lane::not_committed(const Outcome& outcome, Time now) {
  const Error& error = *outcome.error;
  switch (error.kind) {
    case ErrorKind::fenced:
    case ErrorKind::lost:
    case ErrorKind::too_large:
    case ErrorKind::fatal:
      return {0, std::nullopt, error};
    case ErrorKind::own_fault:
      return refuse(outcome, now);
    case ErrorKind::too_slow:
      if (never_fits(error)) return refuse(outcome, now);
      if (batch_.events == 1) in_pieces_ = true;
      shrink();
      break;
    case ErrorKind::transient:
    case ErrorKind::cursor_gone:
      if (error.code == write_conflict) {
        contended_batches_ = contended_after_conflict;
        conflict_linger_ = std::clamp(2 * conflict_linger_, least_conflict_linger, most_conflict_linger);
      }
      if (tries_ + 1 >= (error.code == write_conflict ? conflicts_before_split : tries_before_split))
        shrink();
      break;
    case ErrorKind::denied:
    case ErrorKind::unavailable:
      break;
  }
  return retry_later(outcome, now);
}

/// For a batch that was not committed: how many items at its front are messages that were sent and need not
/// be sent again, rounded down to the end of an event. 0 while the batch may already be committed, since then
/// exactly this batch must be sent again.
std::size_t Lane::done_items(const Outcome& outcome) const {
  if (in_doubt_) return 0;
  const auto is_message = [](const Item& item) {
    return item.refusal == 0 && std::holds_alternative<Deliver>(item.effect.body);
  };
  std::size_t count = 0;
  while (count < std::min(outcome.done_first, in_batch_) && is_message(items_[count])) ++count;
  while (count > 0 && !at_event_end(count)) --count;
  return count;
}

LaneReport Lane::retry_later(const Outcome& outcome, Time now) {
  ++tries_;
  const Duration asked = outcome.retry_in.value_or(std::chrono::milliseconds(0));
  retry_at_ = now + std::max<Duration>(backoff_.next(), asked);
  return {0, outcome.error, std::nullopt};
}

/// Whether the batch is a single event that stays too large for a transaction even when sent in pieces.
/// Believed only after several failures.
bool Lane::never_fits(const Error& error) {
  const bool too_much = error.code == transaction_too_large || error.code == too_large_for_cache;
  return too_much && batch_.events == 1 && in_pieces_ &&
         ++too_large_failures_ >= tries_before_too_much_is_believed;
}

/// Halves the number of effects in the next batch. If the batch has several events, the next one has at least
/// one event fewer: events are never divided, so half the effects could otherwise round up to the same batch.
void Lane::shrink() {
  const EventRecord* last = items_[in_batch_ - 1].event;
  std::size_t before_last = in_batch_ - 1;
  while (before_last > 0 && items_[before_last - 1].event == last) --before_last;
  max_items_ = std::max<std::size_t>(1, std::min(in_batch_ / 2, before_last));
}

/// Turns effects that cannot be carried out into dead letters. If a merged write was refused, each of its
/// effects becomes a dead letter of its own. The next batch has the dead letters in place of these effects. A
/// duplicate key may come from a race, so it is retried a few times first.
LaneReport Lane::refuse(const Outcome& outcome, Time now) {
  const bool may_be_a_race =
      outcome.error->code == duplicate_key && ++duplicate_keys_ < tries_before_duplicate_is_believed;
  if (may_be_a_race) return retry_later(outcome, now);
  const bool known = outcome.failed_write && *outcome.failed_write < batch_.writes.size();
  if (!known && batch_.events > 1) {
    shrink();
    return retry_later(outcome, now);
  }
  if (!known && batch_.writes.size() > 1 && !one_by_one_) {
    one_by_one_ = true;
    return retry_later(outcome, now);
  }
  const auto which = known ? outcome.failed_write : std::nullopt;
  if (mark_refused(which, *outcome.error) == 0) return letter_refused(outcome, now);
  max_items_ = std::max<std::size_t>(1, in_batch_ / 4);  // refusals often come in groups
  ++tries_;
  duplicate_keys_ = 0;
  return {0, *outcome.error, std::nullopt};
}

/// The server refused the dead letter itself. Retries with its next form, and with the last one (`bare`) only
/// when the batch has no other event. `bare` contains nothing of the event, so a server that refuses it would
/// refuse any dead letter. The lane then retries until somebody fixes the cause, because going on would lose
/// the event.
LaneReport Lane::letter_refused(const Outcome& outcome, Time now) {
  switch (letter_form_) {
    case LetterForm::readable:
      letter_form_ = LetterForm::bytes;
      return retry_later(outcome, now);
    case LetterForm::bytes:
      if (batch_.events > 1) {
        shrink();
      } else {
        letter_form_ = LetterForm::bare;
      }
      return retry_later(outcome, now);
    case LetterForm::bare:
      break;
  }
  Outcome refused = outcome;
  refused.error->kind = ErrorKind::unavailable;
  refused.error->message =
      "the dead letter itself was refused, so the stream waits: " + refused.error->message +
      "; does the collection dead_letters have a validator, or is it a view";
  return retry_later(refused, now);
}

/// Marks as refused the items of the batch that were merged into `write`, or all items where the failed write
/// is not known. Merging the items again reproduces the index of each one's write. Returns how many were
/// marked.
std::size_t Lane::mark_refused(const std::optional<std::size_t>& write, const Error& why) {
  std::vector<Write> again;
  merger_.start(again);
  std::size_t marked = 0;
  const std::uint32_t refusal = add_refusal(why);
  for (std::size_t i = 0; i < in_batch_; ++i) {
    Item& item = items_[i];
    if (item.refusal != 0) {
      again.emplace_back(LetterWrite());
    } else if (const std::size_t index = merger_.add(item.effect); !write || index == *write) {
      refuse_item(item, refusal);
      ++marked;
    }
  }
  if (marked == 0) refusals_.erase(refusal);
  return marked;
}

void Lane::learn_fan_out(const Outcome& outcome) {
  const auto refreshes = std::ranges::count_if(
      batch_.writes, [](const Write& write) { return std::holds_alternative<RefreshWrite>(write); });
  if (refreshes == 0) return;
  const double seen = static_cast<double>(outcome.refreshed) / static_cast<double>(refreshes);
  fan_out_ = std::max(1.0, 0.5 * fan_out_ + 0.5 * seen);
}

std::size_t Lane::expected_copy_bytes() const {
  return static_cast<std::size_t>(bytes_of_a_copy_ * static_cast<double>(copies_in_batch_));
}

/// Raises the estimate at once and lowers it gradually. For a batch that was given up, the sink reports only
/// what was needed until then; the real need is higher.
void Lane::learn_copy_bytes(const Outcome& outcome) {
  if (copies_in_batch_ == 0 || outcome.copied_bytes == 0) return;
  const double seen = static_cast<double>(outcome.copied_bytes) / static_cast<double>(copies_in_batch_);
  bytes_of_a_copy_ = std::max(seen, 0.5 * bytes_of_a_copy_ + 0.5 * seen);
}

}  // namespace sluice::flow
