#include "pipeline/shared_renewals.hpp"

#include <chrono>

namespace sluice::pipeline {

namespace {

/// Of one command. The server takes 100,000 updates and 48 MB; a position with dedup windows has 200 kB.
constexpr std::size_t most_together = 100;

}  // namespace

asio::awaitable<std::optional<Error>> SharedRenewals::store(checkpoint::Renewal renewal) {
  std::shared_future<std::optional<Error>> answer;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty() || waiting_.back().renewals.size() == most_together) waiting_.emplace_back();
    waiting_.back().renewals.push_back(std::move(renewal));
    answer = waiting_.back().answers.emplace_back().get_future().share();
  }
  // The first call that runs on the thread stores all that wait. The others find their answers.
  const auto stored = [this, answer] {
    while (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) store_first_group();
    return answer.get();
  };
  co_return co_await run_blocking<std::optional<Error>>(thread_, stored);
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
    const auto client = pool_->acquire();
    return checkpoint::store_renewals(client.get(), database_, renewals);
  } catch (const mongo::NoClient& none) {
    return {renewals.size(), none.error()};
  }
}

std::shared_ptr<SharedRenewals> RenewalsOfProcess::of(const std::shared_ptr<mongo::ClientPool>& pool,
                                                      const std::string& database) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  auto& known = known_[pool.get()];
  auto renewals = known.lock();
  if (!renewals) known = renewals = std::make_shared<SharedRenewals>(pool, database);
  return renewals;
}

}  // namespace sluice::pipeline
