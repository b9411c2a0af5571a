#pragma once

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include "support/own_server.hpp"
#include "support/publishing.hpp"
#include "support/test_thread.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {
struct OwnNatsNetwork {
  NatsServer own_nats;
  workbench::TcpProxy nats_network{own_nats.port()};
};

/// Three nodes, a cluster of three instances, a nats-server behind a network, and whatever befalls them while
/// somebody writes.
class PublishNemesis : protected OwnServer<ReplicaSet>, protected OwnNatsNetwork, public PublishingTest {
 protected:
  static constexpr int instances = 3;
  static constexpr int partitions = 6;

  PublishNemesis() : OwnServer<ReplicaSet>(3), PublishingTest(own, own_nats), random_(random_seed()) {}

  virtual std::vector<std::string> flags() const {
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
  /// Whom the next fault befalls.
  virtual std::size_t some_worker() { return random_() % workers(); }

  /// Waits until the stream has `by` messages more. The stream is asked, and not the workers: their counters
  /// end with them.
  testing::AssertionResult more_is_told(std::int64_t by) {
    using namespace std::chrono_literals;
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> now;
    const auto more = [&] {
      now = count_messages();
      if (!before) before = now;
      return now && *now >= *before + by;
    };
    if (soon(more, 60s)) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << "the stream has " << now.value_or(-1) << " messages, and had " << before.value_or(-1)
           << " after the fault; of the documents there are " << db().count("items")
           << "; SLUICE_SEED=" << random_seed();
  }

  /// Starts a worker again that has ended, as its supervisor would. None ends by itself once it is ready.
  void while_waiting() override {
    for (std::size_t i = 0; i < workers(); ++i) {
      if (worker(i).running()) continue;
      const std::string story = worker(i).story();
      say("a worker has ended: " + story);
      EXPECT_EQ(worker(i).out().find("__READY__"), std::string::npos) << "a worker ended by itself\n"
                                                                      << story;
      start_instance(i);
    }
  }
  void say(const std::string& what) const {
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - began_;
    std::cout << std::fixed << std::setprecision(1) << std::setw(6) << time.count() << " s  " << what
              << std::endl;
  }

  /// Something breaks, and is whole again afterwards.
  virtual void strike() {
    using namespace std::chrono_literals;
    const auto which = random_() % 7;
    static const char* const names[] = {"kill a worker",     "a worker hangs",  "kill nats-server",
                                        "nats-server hangs", "cut the network", "stall the network",
                                        "step down"};
    say(names[which]);
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
      } catch (const workbench::MongoError& error) {
        say(std::string("the writer goes on after: ") + error.what());
        documents = static_cast<int>(writer.count("items"));  // an election: it may have happened, or not
      }
    }
  }

  void start_all() {
    for (std::size_t i = 0; i < instances; ++i) start_instance(i);
    for (std::size_t i = 0; i < instances; ++i) worker(i).ready();
  }
  /// Writes until there were so many faults.
  void survive(int faults) {
    const std::jthread writer = test_thread([this](const std::stop_token& stop) { write(stop); });
    for (int i = 0; i < faults; ++i) {
      strike();
      ASSERT_TRUE(more_is_told(20)) << "after fault " << i;
    }
  }

  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::mt19937_64 random_;
  // Longer than any run: whatever comes twice is dropped.
  std::string file_ = publish_file("      duplicate_window_s: 3600\n");
  std::mutex mutex_;
  std::condition_variable woken_;
};

}  // namespace sluice::test
