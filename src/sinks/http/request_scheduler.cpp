#include "sinks/http/request_scheduler.hpp"

#include <algorithm>

namespace sluice::sinks::http {

namespace {

constexpr auto leave_alone_most = std::chrono::hours(1);

std::vector<std::uint64_t> keys_of(std::span<const Request> requests) {
  std::vector<std::uint64_t> keys;
  keys.reserve(requests.size());
  for (const Request& request : requests) keys.push_back(request.key);
  return keys;
}

}  // namespace

RequestBatch::RequestBatch(std::uint64_t number, std::span<const Request> all, std::span<Answer> ends,
                           const Endpoint::Judge& verdict, flow::Time until)
    : id(number), requests(all), answers(ends), judge(verdict), deadline(until), chains(keys_of(all)) {}

void RequestBatch::give_up() {
  given_up = true;
  unsent.late = true;
}

void RequestBatch::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_one();
}

void RequestBatch::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_; });
}

bool RequestScheduler::has(const RequestBatch& batch) const {
  return std::ranges::find(batches_, &batch) != batches_.end();
}

std::optional<Job> RequestScheduler::next(flow::Time now) {
  RequestBatch* batch = next_batch(now);
  if (batch == nullptr) return std::nullopt;
  const auto leave = breaker_.ask(now);
  if (leave.way == flow::CircuitBreaker::Leave::Way::refused) refuse_all(leave.until);
  if (leave.way != flow::CircuitBreaker::Leave::Way::go) return std::nullopt;
  const std::size_t index = batch->chains.take();
  ++batch->under_way;
  return Job{batch, index, leave.round};
}

/// The next batch with a request to send; batches take turns.
RequestBatch* RequestScheduler::next_batch(flow::Time now) {
  for (RequestBatch* batch : batches_) {
    if (batch->sendable() && now >= batch->deadline) batch->give_up();
  }
  const auto found =
      std::ranges::find_if(batches_, [](const RequestBatch* batch) { return batch->sendable(); });
  if (found == batches_.end()) return nullptr;
  std::rotate(batches_.begin(), found + 1, batches_.end());
  return batches_.back();
}

void RequestScheduler::refuse_all(flow::Time until) {
  for (RequestBatch* batch : batches_) {
    if (!batch->sendable()) continue;
    batch->given_up = true;
    batch->unsent.not_before = until;
  }
}

void RequestScheduler::ended(const Job& job, bool abandoned) {
  RequestBatch& batch = *job.batch;
  --batch.under_way;
  if (abandoned && job.answer().kind != Answer::Kind::answered) {
    job.answer() = {};
    breaker_.forget(job.round);
    return;
  }
  const Judgement judgement = batch.judge(job.index, job.answer());
  tell_breaker(job, judgement);
  if (judgement == Judgement::done) batch.chains.done(job.index);
}

void RequestScheduler::tell_breaker(const Job& job, Judgement judgement) {
  const Answer& answer = job.answer();
  const bool unwell = judgement == Judgement::retry || answer.kind != Answer::Kind::answered ||
                      answer.status >= 500 || answer.status == 429;
  // "Retry-After: 0" counts as a failure. Otherwise the breaker would never open, and the request would be
  // repeated for ever.
  const bool asks = answer.kind == Answer::Kind::answered &&
                    answer.retry_after.value_or(std::chrono::seconds(0)).count() > 0 &&
                    (answer.status == 429 || answer.status == 503);
  if (stopping_) {
    breaker_.forget(job.round);
  } else if (judgement == Judgement::done || !unwell) {
    breaker_.succeeded(job.round);
  } else if (asks) {
    const auto wait = std::min<flow::Duration>(*answer.retry_after, leave_alone_most);
    breaker_.not_before(job.round, flow::Clock::now() + wait);
  } else {
    breaker_.failed(job.round, flow::Clock::now());
  }
}

RequestBatch* RequestScheduler::abandon(std::uint64_t id) {
  const auto found = std::ranges::find(batches_, id, &RequestBatch::id);
  if (found == batches_.end()) return nullptr;
  RequestBatch& batch = **found;
  batch.given_up = true;
  batch.unsent.abandoned = true;
  return &batch;
}

void RequestScheduler::give_up_all() {
  for (RequestBatch* batch : batches_) batch->give_up();
}

void RequestScheduler::end_batches() {
  std::erase_if(batches_, [](RequestBatch* batch) {
    if (!batch->over()) return false;
    batch->end();
    return true;
  });
}

}  // namespace sluice::sinks::http
