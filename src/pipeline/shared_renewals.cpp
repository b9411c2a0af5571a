#include "pipeline/shared_renewals.hpp"

#include <algorithm>

namespace sluice::pipeline {

namespace {

/// Of one command, which is a document of at most 16 MB. A position with dedup windows has up to 200 kB.
constexpr std::size_t most_bytes_together = 8 << 20;
constexpr auto least_answer_timeout = std::chrono::milliseconds(1000);

}  // namespace

asio::awaitable<std::optional<Error>> SharedRenewals::store(checkpoint::Renewal renewal) {
  std::shared_future<std::optional<Error>> answer;
  {
    const std::lock_guard lock(mutex_);
    Group& group = group_for(renewal.update.size());
    group.renewals.push_back(std::move(renewal));
    answer = group.answers.emplace_back().get_future().share();
  }
  // The first call that runs on the thread stores all that wait. The others find their answers.
  const auto stored = [this, answer] {
    while (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) store_first_group();
    return answer.get();
  };
  co_return co_await run_blocking<std::optional<Error>>(thread_, stored);
}

SharedRenewals::Group& SharedRenewals::group_for(std::size_t bytes) {
  if (waiting_.empty() || waiting_.back().bytes + bytes > most_bytes_together) waiting_.emplace_back();
  waiting_.back().bytes += bytes;
  return waiting_.back();
}

void SharedRenewals::store_first_group() {
  Group group;
  {
    const std::lock_guard lock(mutex_);
    group = std::move(waiting_.front());
    waiting_.pop_front();
  }
  try {
    auto errors = store_all(group.renewals);
    for (std::size_t i = 0; i < errors.size(); ++i) group.answers[i].set_value(std::move(errors[i]));
  } catch (...) {
    for (auto& answer : group.answers) answer.set_exception(std::current_exception());
  }
}

std::vector<std::optional<Error>> SharedRenewals::store_all(std::span<checkpoint::Renewal> renewals) {
  try {
    if (!client_ || pool_->outdated(*client_)) client_.emplace(pool_->acquire_patient(answer_timeout_));
    return checkpoint::store_renewals(client_->get(), database_, renewals);
  } catch (const mongo::NoClient& none) {
    return {renewals.size(), none.error()};
  }
}

std::shared_ptr<SharedRenewals> RenewalsOfProcess::of(std::shared_ptr<mongo::ClientPool> pool,
                                                      const std::string& database,
                                                      std::chrono::milliseconds lease) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  auto& known = known_[pool.get()];
  auto renewals = known.lock();
  if (!renewals) {
    auto timeout = std::max(lease / 2, least_answer_timeout);
    if (const auto usual = pool->answer_timeout(); usual.count() > 0) timeout = std::min(timeout, usual);
    known = renewals = std::make_shared<SharedRenewals>(std::move(pool), database, timeout);
  }
  return renewals;
}

}  // namespace sluice::pipeline
