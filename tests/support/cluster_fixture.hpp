#pragma once

#include <algorithm>

#include "support/fixture.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {

/// Tests with members of a cluster that start and stop.
class ClusterTest : public PipelineTest {
 protected:
  ClusterTest() { prepare_storm(); }
  explicit ClusterTest(ReplicaSet& server) : PipelineTest(server) { prepare_storm(); }

  Worker& join(int partitions, const std::vector<std::string>& flags = {}) {
    Worker& member = start_member(realworld_file(), partitions, flags);
    members_.push_back(&member);
    return member;
  }

  /// Removes a worker from members(). It may still run.
  void no_member(const Worker& worker) { std::erase(members_, &worker); }
  void nobody_is_member() { members_.clear(); }
  void members_again(std::vector<Worker*> members) { members_ = std::move(members); }
  const std::vector<Worker*>& members() const { return members_; }

  void kill_all_members() {
    for (Worker* member : members_) member->kill9();
    nobody_is_member();
    forget_workers();
  }

  static int held(const Worker& member) {
    return static_cast<int>(member.metrics().sum("sluice_cluster_partitions_held"));
  }

  /// Whether the members hold all partitions, and their numbers of partitions differ by one at most.
  bool evenly_held(int partitions) const {
    const int least = partitions / static_cast<int>(members_.size());
    int sum = 0;
    for (const Worker* member : members_) {
      const int one = held(*member);
      sum += one;
      if (one < least || one > least + 1) return false;
    }
    return sum == partitions;
  }

  testing::AssertionResult becomes_even(int partitions) {
    if (soon([&] { return evenly_held(partitions); }, std::chrono::minutes(1))) {
      return testing::AssertionSuccess();
    }
    auto failure = testing::AssertionFailure() << "the partitions are held by";
    for (const Worker* member : members_) failure << " " << held(*member);
    return failure;
  }

  /// The number of events whose effects the present members have committed.
  double applied() const {
    double sum = 0;
    for (const Worker* member : members_) sum += member->metrics().sum("sluice_events_applied_total");
    return sum;
  }

  /// Waits until the members have applied `events` more events.
  testing::AssertionResult go_on(double events) {
    const double target = applied() + events;
    if (soon([&] { return applied() >= target; }, std::chrono::minutes(1))) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << "only " << applied() << " events of " << target;
  }

  /// The output of `sluice cluster status --json` for the only stream.
  Document status() {
    const Outcome outcome = run_sluice(here_run({"cluster", "status", realworld_file()}, {"--json"}));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return Document(outcome.out);
  }

  realworld::StormOptions storm_;

 private:
  void prepare_storm() {
    storm_.sizes = {.users = 30,
                    .articles = 80,
                    .comments = 100,
                    .favorites = 300,
                    .seed = random_seed(),
                    .ids = realworld::Ids::mixed};
    storm_.writers = 2;
    storm_.user_rounds = 1;
  }

  std::vector<Worker*> members_;
};

}  // namespace sluice::test
