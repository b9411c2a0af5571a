#pragma once

#include <cstddef>
#include <vector>

namespace prometheus {
class Histogram;
}

namespace sluice::observe {

/// The upper bounds of a histogram's buckets: from `first` on, each `ratio` times the one before, the last at
/// least `last`.
std::vector<double> geometric_buckets(double first, double last, double ratio);

/// A histogram with cheap ways to put many values in at once: prometheus-cpp takes a lock and walks all
/// buckets for every single one. Thread-safe.
class Distribution {
 public:
  Distribution(prometheus::Histogram& histogram, std::vector<double> bounds);

  void observe(double value) { observe_many(value, 1); }

  /// `count` times the same value (the events of a batch that became durable together).
  void observe_many(double value, std::size_t count);

  /// Collects values without a lock, for one thread; put them in with `add`. Keeps its memory when emptied.
  class Tally {
   public:
    explicit Tally(const Distribution& distribution);
    void observe(double value, std::size_t count = 1);
    bool empty() const { return empty_; }

   private:
    friend class Distribution;
    const std::vector<double>* bounds_;
    std::vector<double> increments_;
    double sum_ = 0;
    bool empty_ = true;
  };

  /// Puts the tally's values in and empties it. The tally must have been made for this distribution.
  void add(Tally& tally);

  const std::vector<double>& bounds() const { return bounds_; }

 private:
  prometheus::Histogram* histogram_;
  std::vector<double> bounds_;
};

}  // namespace sluice::observe
