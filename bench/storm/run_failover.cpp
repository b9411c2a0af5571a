#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

#include "commands.hpp"
#include "data.hpp"
#include "report.hpp"
#include "worker.hpp"

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPatience = 120s;

/// How the holder ends: killed, which the standby on the same machine notices at once; stopped, so that its
/// lease has to expire; or by SIGTERM, so that it gives its lease back.
struct Way {
  const char* name;
  int signal;
};
constexpr Way kWays[] = {{"kill", SIGKILL}, {"expiry", SIGSTOP}, {"term", SIGTERM}};

template <class Condition>
void wait_until(const char* what, Condition holds) {
  const auto deadline = Clock::now() + kPatience;
  while (!holds()) {
    if (Clock::now() > deadline) throw std::runtime_error(std::string("waited too long until ") + what);
    std::this_thread::sleep_for(2ms);
  }
}

/// A leader and a standby of one partition, and the changes that show whether one of them works.
class Pair {
 public:
  Pair(const Options& options, const Server& server, const std::string& folder)
      : client_(server.client()),
        options_{.sluice = options.sluice,
                 .flags = options.worker_flags,
                 .folder = folder,
                 .uri = server.uri(),
                 .database = "failover",
                 .rules = kCountFavourites,
                 .pipeline = "failover"} {
    options_.flags.emplace_back("--partitions=1");
    drop(client_, "failover");
    drop(client_, "sluice");
    create_loved_articles(client_, "failover", 1);
    for (auto& member : members_) member = start();
    apply_one();
  }

  /// Ends the holder, and returns the seconds until the other member has applied the next change.
  double fail_over(int signal) {
    wait_until("a member holds the partition and the other knows it", [&] { return settled(); });
    auto& holder = holds(*members_[0]) ? members_[0] : members_[1];
    const auto start_time = Clock::now();
    ::kill(holder->pid(), signal);
    apply_one();
    const double seconds = std::chrono::duration<double>(Clock::now() - start_time).count();
    if (signal == SIGTERM) holder->wait();
    if (signal == SIGSTOP) ::kill(holder->pid(), SIGKILL);  // a stopped process reacts to nothing else
    holder.reset();
    holder = start();
    return seconds;
  }

 private:
  std::unique_ptr<Worker> start() const {
    auto worker = std::make_unique<Worker>(options_);
    worker->wait_ready();
    return worker;
  }

  static bool holds(const Worker& worker) {
    return worker.metrics().value("sluice_cluster_partitions_held") == 1;
  }

  bool settled() const {
    const auto knows_both = [](const auto& member) {
      return member->metrics().value("sluice_cluster_members") == 2;
    };
    return holds(*members_[0]) != holds(*members_[1]) && std::ranges::all_of(members_, knows_both);
  }

  /// Writes one change, and waits for its effect.
  void apply_one() {
    ++written_;
    insert_many(collection(client_, "failover", "favorites"), 1,
                [this](std::uint32_t) { return favourite(written_, 0, 0); });
    wait_until("a change was applied", [&] {
      const Bson reply = command(client_, "failover", R"({"find":"articles","limit":1})");
      return integer_at(reply.get(), "cursor.firstBatch.0.favoritesCount") == written_;
    });
  }

  Client client_;
  WorkerOptions options_;
  std::unique_ptr<Worker> members_[2];
  std::uint32_t written_ = 0;
};

}  // namespace

/// Measures how long no member works after the leader has ended, as a distribution over many repetitions.
int run_failover(const Options& options, const Server& server) {
  const TemporaryDirectory folder(options.server.data_parent);
  Json list = Json::list();
  Table table({"the leader goes by", "times", "least s", "median s", "95 % s", "most s"});
  Pair pair(options, server, folder.path());
  for (const Way& way : kWays) {
    std::vector<double> seconds;
    Json each = Json::list();
    for (std::uint32_t i = 0; i < options.kills; ++i) {
      seconds.push_back(pair.fail_over(way.signal));
      each.add(seconds.back());
    }
    std::ranges::sort(seconds);
    table.row({way.name, std::to_string(seconds.size()), fixed(seconds.front(), 2),
               fixed(quantile(seconds, 0.5), 2), fixed(quantile(seconds, 0.95), 2),
               fixed(seconds.back(), 2)});
    list.add(Json::object()
                 .set("way", way.name)
                 .set("least_seconds", seconds.front())
                 .set("median_seconds", quantile(seconds, 0.5))
                 .set("p95_seconds", quantile(seconds, 0.95))
                 .set("most_seconds", seconds.back())
                 .set("seconds", each));
  }
  std::printf("%s", table.text().c_str());
  std::printf("%s\n", save(options, "failover", heading(options, server).set("rows", list)).c_str());
  return 0;
}

}  // namespace storm
