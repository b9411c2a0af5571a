#include "observe/distribution.hpp"

#include <gtest/gtest.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <random>

namespace sluice::observe {
namespace {

using prometheus::Histogram;

struct Measured {
  explicit Measured(const std::vector<double>& bounds) : histogram(bounds), distribution(histogram, bounds) {}

  std::vector<std::uint64_t> counts() const {
    std::vector<std::uint64_t> counts;
    std::uint64_t below = 0;
    for (const auto& bucket : histogram.Collect().histogram.bucket) {
      counts.push_back(bucket.cumulative_count - below);
      below = bucket.cumulative_count;
    }
    return counts;
  }
  double sum() const { return histogram.Collect().histogram.sample_sum; }
  std::uint64_t count() const { return histogram.Collect().histogram.sample_count; }

  Histogram histogram;
  Distribution distribution;
};

TEST(GeometricBuckets, CoverTheRange) {
  const auto bounds = geometric_buckets(0.001, 1000, 1.25);
  EXPECT_EQ(bounds.front(), 0.001);
  EXPECT_GE(bounds.back(), 1000);
  EXPECT_LT(bounds[bounds.size() - 2], 1000);
  for (std::size_t i = 1; i < bounds.size(); ++i) EXPECT_NEAR(bounds[i] / bounds[i - 1], 1.25, 1e-9);
  EXPECT_LT(bounds.size(), 70u);
}

TEST(Distribution, PutsValuesUnderTheirBounds) {
  Measured measured({1, 2, 4});
  for (const double value : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 4.1, 1e9})
    measured.distribution.observe(value);
  EXPECT_EQ(measured.counts(), (std::vector<std::uint64_t>{3, 2, 2, 2}));
  EXPECT_EQ(measured.count(), 9u);
}

TEST(Distribution, CountsManyAtOnce) {
  Measured measured({1, 2, 4});
  measured.distribution.observe_many(1.5, 1000);
  measured.distribution.observe_many(3, 0);
  EXPECT_EQ(measured.counts(), (std::vector<std::uint64_t>{0, 1000, 0, 0}));
  EXPECT_EQ(measured.sum(), 1500);
}

TEST(Distribution, AgreesWithObservingOneByOne) {
  const auto bounds = geometric_buckets(0.001, 10, 1.25);
  Measured measured(bounds);
  Histogram one_by_one(bounds);
  std::mt19937 random(42);
  std::lognormal_distribution<double> values(-3, 2);
  Distribution::Tally tally(measured.distribution);
  for (int i = 0; i < 2000; ++i) {
    // Bounds themselves too: they belong to the bucket below.
    const double value = i % 10 == 0 ? bounds[static_cast<std::size_t>(i) % bounds.size()] : values(random);
    tally.observe(value);
    one_by_one.Observe(value);
    if (i % 97 == 0) measured.distribution.add(tally);
  }
  measured.distribution.add(tally);
  const auto expected = one_by_one.Collect().histogram;
  const auto actual = measured.histogram.Collect().histogram;
  ASSERT_EQ(actual.bucket.size(), expected.bucket.size());
  for (std::size_t i = 0; i < expected.bucket.size(); ++i) {
    EXPECT_EQ(actual.bucket[i].cumulative_count, expected.bucket[i].cumulative_count) << i;
  }
  EXPECT_NEAR(actual.sample_sum, expected.sample_sum, 1e-6 * expected.sample_sum);
}

TEST(DistributionTally, IsEmptyAgainOnceAdded) {
  Measured measured({1, 2});
  Distribution::Tally tally(measured.distribution);
  EXPECT_TRUE(tally.empty());
  measured.distribution.add(tally);
  EXPECT_EQ(measured.count(), 0u);
  tally.observe(1, 5);
  EXPECT_FALSE(tally.empty());
  measured.distribution.add(tally);
  EXPECT_TRUE(tally.empty());
  measured.distribution.add(tally);
  EXPECT_EQ(measured.count(), 5u);
  EXPECT_EQ(measured.sum(), 5);
}

}  // namespace
}  // namespace sluice::observe
