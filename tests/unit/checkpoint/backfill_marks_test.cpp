#include "checkpoint/backfill_marks.hpp"

#include <gtest/gtest.h>

namespace sluice::checkpoint {
namespace {

class Named final : public Rule {
 public:
  using Rule::Rule;
  std::vector<Subscription> subscriptions() const override { return {}; }
  void apply(const ChangeEvent&, Effects&) const override {}
  std::string fingerprint() const override { return name(); }
};

class FilledRulesTest : public testing::Test {
 protected:
  FilledRulesTest() {
    rules_.push_back(std::make_unique<Named>("copies"));
    rules_.push_back(std::make_unique<Named>("counts"));
  }
  std::vector<std::unique_ptr<Rule>> rules_;
  BackfillMarks filled_;
};

TEST_F(FilledRulesTest, CoverARuleUpToItsTime) {
  filled_.set(rules_, {{"counts", 100}, {"gone", 900}});
  EXPECT_TRUE(filled_.cover(1, 99));
  EXPECT_TRUE(filled_.cover(1, 100)) << "the snapshot holds what was written at its own time";
  EXPECT_FALSE(filled_.cover(1, 101));
  EXPECT_FALSE(filled_.cover(0, 1)) << "this rule was not filled";
  EXPECT_TRUE(filled_.matter_at(100));
  EXPECT_FALSE(filled_.matter_at(101));
}

TEST_F(FilledRulesTest, NothingFilledCoversNothing) {
  filled_.set(rules_, {});
  EXPECT_FALSE(filled_.cover(0, 1));
  EXPECT_FALSE(filled_.matter_at(1));
}

}  // namespace
}  // namespace sluice::checkpoint
