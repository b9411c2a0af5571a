#include "observe/distribution.hpp"

#include <prometheus/histogram.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace sluice::observe {

std::vector<double> geometric_buckets(double first, double last, double ratio) {
  assert(first > 0 && last > first && ratio > 1);
  std::vector<double> bounds = {first};
  while (bounds.back() < last) bounds.push_back(bounds.back() * ratio);
  return bounds;
}

Distribution::Distribution(prometheus::Histogram& histogram, std::vector<double> bounds)
    : histogram_(&histogram), bounds_(std::move(bounds)) {}

void Distribution::observe_many(double value, std::size_t count) {
  if (count == 0) return;
  Tally tally(*this);
  tally.observe(value, count);
  add(tally);
}

Distribution::Tally::Tally(const Distribution& distribution)
    : bounds_(&distribution.bounds_), increments_(distribution.bounds_.size() + 1, 0.0) {}

void Distribution::Tally::observe(double value, std::size_t count) {
  // Finds the first bound that is not below the value, because a bucket includes its bound (`le`). The bucket
  // behind the last bound is +Inf.
  const auto bound = std::lower_bound(bounds_->begin(), bounds_->end(), value);
  increments_[static_cast<std::size_t>(bound - bounds_->begin())] += static_cast<double>(count);
  sum_ += value * static_cast<double>(count);
  empty_ = empty_ && count == 0;
}

void Distribution::add(Tally& tally) {
  assert(tally.bounds_ == &bounds_);
  if (tally.empty()) return;
  histogram_->ObserveMultiple(tally.increments_, tally.sum_);
  std::fill(tally.increments_.begin(), tally.increments_.end(), 0.0);
  tally.sum_ = 0;
  tally.empty_ = true;
}

}  // namespace sluice::observe
