#include <atomic>
#include <condition_variable>
#include <csignal>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include "support/own_server.hpp"
#include "support/publishing.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

struct OwnNetwork {
  NatsServer own_nats;
  workbench::TcpProxy nats_network{own_nats.port()};
};

/// Three nodes, a cluster of three instances, a nats-server behind a network, and whatever befalls them while
/// somebody writes.
class PublishNemesis : protected OwnServer<ReplicaSet>, protected OwnNetwork, public PublishingTest {
 protected:
  static constexpr int instances = 3;
  static constexpr int partitions = 6;
  static constexpr int faults = 10;

  PublishNemesis() : OwnServer<ReplicaSet>(3), PublishingTest(own, own_nats), random_(random_seed()) {}

  std::vector<std::string> flags() const {
    return {"--nats-url",    "nats://" + nats_network.host(),
            "--nats-ack-ms", "1000",
            "--lease-ms",    "2000",
            "--batch-docs",  "50"};
  }
  void start_instance(std::size_t place) {
    if (place < workers()) {
      replace_member(place, file_, partitions, flags());
    } else {
      start_member(file_, partitions, flags());
    }
  }
  std::size_t some_worker() { return random_() % workers(); }
  bool more_is_told(double by) {
    const double before = metric("sluice_events_published_total");
    return soon([&] { return metric("sluice_events_published_total") >= before + by || done_; }, 60s);
  }

  /// Something breaks, and is whole again afterwards.
  void strike() {
    const auto which = random_() % 7;
    static const char* const names[] = {"kill a worker",     "a worker hangs",  "kill nats-server",
                                        "nats-server hangs", "cut the network", "stall the network",
                                        "step down"};
    std::cout << "fault: " << names[which] << std::endl;
    const std::size_t victim = some_worker();
    switch (which) {
      case 0:
        worker(victim).kill9();
        start_instance(victim);
        break;
      case 1:
        worker(victim).signal(SIGSTOP);
        pass(3s);  // longer than the lease
        worker(victim).signal(SIGCONT);
        break;
      case 2:
        own_nats.kill9();
        pass(500ms);
        own_nats.restart();
        break;
      case 3:
        own_nats.stop();
        pass(2s);  // longer than an acknowledgement is waited for
        own_nats.cont();
        break;
      case 4:
        nats_network.cut();
        pass(500ms);
        nats_network.heal();
        break;
      case 5:
        nats_network.stall();
        pass(2s);
        nats_network.heal();
        break;
      default:
        own.step_down();
        own.wait_for_primary();
    }
    for (std::size_t i = 0; i < workers(); ++i) {
      if (!worker(i).running()) start_instance(i);  // as its supervisor would: cut off for too long
    }
  }
  /// Faults last; the time is theirs, and no result waits for it.
  void pass(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, time, [] { return false; });
  }

  /// New documents, and new numbers for those there are, until told to stop.
  void write(const std::stop_token& stop) {
    Mongo writer(own.patient_uri() + "&retryWrites=true", db().database());
    std::mt19937_64 random(random_seed() + 1);
    int documents = 0;
    while (!stop.stop_requested()) {
      try {
        if (documents < 20 || random() % 10 == 0) {
          writer.insert("items", Document("{\"_id\":" + std::to_string(documents) + ",\"n\":0}"));
          ++documents;
        } else {
          const std::string residue = std::to_string(random() % 5);
          writer.update_many("items", R"({"_id":{"$mod":[5,)" + residue + "]}}", R"({"$inc":{"n":1}})");
        }
      } catch (const workbench::MongoError&) {
        documents = static_cast<int>(writer.count("items"));  // an election: it may have happened, or not
      }
    }
    done_ = true;
  }

  std::mt19937_64 random_;
  // Longer than any run: whatever comes twice is dropped.
  std::string file_ = publish_file("      duplicate_window_s: 3600\n");
  std::atomic<bool> done_{false};
  std::mutex mutex_;
  std::condition_variable woken_;
};

TEST_F(PublishNemesis, NothingIsLostRepeatedOrOvertaken) {
  for (std::size_t i = 0; i < instances; ++i) start_instance(i);
  for (std::size_t i = 0; i < instances; ++i) worker(i).ready();
  {
    std::jthread writer([this](const std::stop_token& stop) { write(stop); });
    for (int i = 0; i < faults; ++i) {
      strike();
      EXPECT_TRUE(more_is_told(20)) << "after fault " << i << ", SLUICE_SEED=" << random_seed();
    }
  }
  EXPECT_TRUE(told_in_order());
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
