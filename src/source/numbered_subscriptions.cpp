#include "source/numbered_subscriptions.hpp"

#include <utility>

#include "source/stream_wants.hpp"

namespace sluice::source {

namespace {

class Numbering {
 public:
  void add(Subscription subscription, std::uint16_t rule) {
    std::optional<std::int64_t> number;
    if (server_judges(subscription)) number = next_++;
    all_.push_back({std::move(subscription), rule, number});
  }
  std::vector<NumberedSubscription> take() { return std::move(all_); }

 private:
  std::int64_t next_ = 0;
  std::vector<NumberedSubscription> all_;
};

}  // namespace

std::vector<NumberedSubscription> number_subscriptions(const std::vector<std::unique_ptr<Rule>>& rules) {
  Numbering numbering;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (Subscription& one : rules[i]->subscriptions()) {
      numbering.add(std::move(one), static_cast<std::uint16_t>(i));
    }
  }
  return numbering.take();
}

std::vector<NumberedSubscription> number_subscriptions(const std::vector<Subscription>& subscriptions) {
  Numbering numbering;
  for (const Subscription& one : subscriptions) numbering.add(one, 0);
  return numbering.take();
}

}  // namespace sluice::source
