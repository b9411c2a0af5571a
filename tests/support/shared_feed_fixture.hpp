#pragma once

#include <list>

#include "support/cluster_fixture.hpp"
#include "workbench/net.hpp"

namespace sluice::test {

/// Members of a cluster that share a change stream.
class SharedFeedTest : public ClusterTest {
 protected:
  SharedFeedTest() = default;
  explicit SharedFeedTest(ReplicaSet& server) : ClusterTest(server) {}

  static constexpr int partitions = 6;

  Worker& join(std::vector<std::string> flags = {}) {
    const workbench::Port& port = ports_.emplace_back();
    flags.insert(flags.end(), {"--lease-ms", "2000", "--feed-host", "127.0.0.1", "--feed-port", port.text()});
    return ClusterTest::join(partitions, flags);
  }

  /// The port on which the member that joined last offers its feed.
  std::string last_feed_port() const { return ports_.back().text(); }

  Worker& join_alone() { return ClusterTest::join(partitions, {"--lease-ms", "2000"}); }

  double sum(const std::string& metric) const {
    double sum = 0;
    for (const Worker* member : members()) sum += member->metrics().sum(metric);
    return sum;
  }

  /// Waits until one of the members reads the change stream for all.
  testing::AssertionResult one_reads_for_all() {
    const auto others = static_cast<double>(members().size() - 1);
    const auto shares = [&] {
      return sum("sluice_feed_cursors") == 1 && sum("sluice_feed_follows") == others &&
             sum("sluice_feed_followers") == others;
    };
    if (soon(shares, std::chrono::minutes(1))) return testing::AssertionSuccess();
    auto failure = testing::AssertionFailure();
    for (const Worker* member : members()) {
      const auto metrics = member->metrics();
      failure << metrics.sum("sluice_feed_cursors") << " cursors, follows "
              << metrics.sum("sluice_feed_follows") << ", followers " << metrics.sum("sluice_feed_followers")
              << "; ";
    }
    for (const Worker* member : members()) failure << "\n" << member->story();
    return failure;
  }

  /// The member that reads the change stream.
  Worker& reading_member() {
    for (Worker* member : members()) {
      if (member->metrics().sum("sluice_feed_followers") > 0) return *member;
    }
    throw std::runtime_error("no member reads for another one");
  }

 private:
  std::list<workbench::Port> ports_;
};

}  // namespace sluice::test
