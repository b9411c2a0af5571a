#pragma once

#include <cstddef>
#include <vector>

namespace prometheus {
class Histogram;
}

namespace sluice::observe {

/// The upper bounds of a histogram's buckets. They begin with `first`, each is `ratio` times the one before,
/// and the last is at least `last`.
std::vector<double> geometric_buckets(double first, double last, double ratio);

/// A histogram to which many values can be added at once at low cost; prometheus-cpp itself takes a lock and
/// walks all buckets for each value. Thread-safe.
class Distribution {
 public:
  Distribution(prometheus::Histogram& histogram, std::vector<double> bounds);

  void observe(double value) { observe_many(value, 1); }

  /// Adds `value` `count` times, such as for the events of a batch, which became durable together.
  void observe_many(double value, std::size_t count);

  /// Collects values without a lock, for one thread. Distribution::add() adds them to the histogram and
  /// empties the tally, which keeps its memory.
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

  /// Adds the tally's values and empties it. The tally must have been made for this distribution.
  void add(Tally& tally);

  const std::vector<double>& bounds() const { return bounds_; }

 private:
  prometheus::Histogram* histogram_;
  std::vector<double> bounds_;
};

}  // namespace sluice::observe
