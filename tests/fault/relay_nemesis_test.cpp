#include "support/deploy.hpp"
#include "support/publish_nemesis.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {
namespace {

/// The same with a relay: the log, its writer and what is published are behind one network. Half of the
/// faults that befall an instance befall the writer.
class RelayNemesis : public PublishNemesis {
 protected:
  RelayNemesis() : relay_(db().database() + "_relay") {
    const std::string realworld = read_file(realworld_file());
    const std::string rules = "rules:\n";
    file_ = file(realworld.substr(realworld.find(rules) + rules.size()) +
                     "\n  - name: out\n    publish:\n      from: items\n      stream: " + stream() +
                     "\n      duplicate_window_s: 3600\n",
                 "relayed.yaml");
    storm_.sizes = {.users = 30, .articles = 80, .comments = 100, .favorites = 300, .seed = random_seed()};
    storm_.writers = 2;
    storm_.user_rounds = 1;
  }

  std::vector<std::string> flags() const override {
    std::vector<std::string> all = PublishNemesis::flags();
    all.insert(all.end(), {"--relay-stream", relay_, "--relay-partitions", std::to_string(partitions)});
    return all;
  }
  std::size_t some_worker() override {
    const std::size_t some = PublishNemesis::some_worker();
    if (random_() % 2 == 0) return some;
    for (std::size_t i = 0; i < workers(); ++i) {
      if (worker(i).metrics().sum("sluice_relay_writer") > 0) return i;
    }
    return some;
  }

  const std::string relay_;
  realworld::StormOptions storm_;
};

TEST_F(RelayNemesis, ResultsAreExactAndMessagesInOrderWithoutLossOrRepetition) {
  start_all();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(own.patient_uri() + "&retryWrites=true", db().database(), storm_);
  survive(12);
  storm.finish();
  EXPECT_TRUE(told_in_order());
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(state().count("dead_letters"), 0);
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
