#include "support/fixture.hpp"

namespace sluice::test {
namespace {

class RandomOperations : public PipelineTest {
 protected:
  /// Random operations over all collections from several writers; the projections equal a fresh computation
  /// then.
  void storm(int shards, const std::vector<std::string>& flags, realworld::Ids ids) {
    start_shards(realworld_file(), shards, flags);
    realworld::StormOptions storm;
    storm.sizes = {
        .users = 40, .articles = 120, .comments = 200, .favorites = 400, .seed = random_seed(), .ids = ids};
    storm.writers = 4;
    storm.operations = 1500;
    storm.user_rounds = 3;
    realworld::seed(db(), storm.sizes);
    const auto report = realworld::storm(server().patient_uri(), db().database(), storm);
    EXPECT_EQ(report.failed, 0) << report.first_failure;
    EXPECT_TRUE(exact(shards)) << "SLUICE_SEED=" << random_seed();
    EXPECT_EQ(metric("sluice_events_dead_total"), 0) << "SLUICE_SEED=" << random_seed();
  }
};

TEST_F(RandomOperations, OneShard) {
  storm(1, {}, realworld::Ids::mixed);
}

TEST_F(RandomOperations, FourShards) {
  storm(4, {}, realworld::Ids::mixed);
}

TEST_F(RandomOperations, TinyBatchesInManyLanes) {
  storm(
      1,
      {"--batch-docs", "3", "--lanes", "16", "--in-flight", "8", "--workers", "4", "--batch-linger-ms", "0"},
      realworld::Ids::object_ids);
}

TEST_F(RandomOperations, OneLaneAndSmallQueues) {
  storm(2, {"--lanes", "1", "--in-flight", "1", "--queue-events", "10", "--cursor-batch", "7"},
        realworld::Ids::mixed);
}

}  // namespace
}  // namespace sluice::test
