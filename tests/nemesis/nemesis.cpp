#include "nemesis/nemesis.hpp"

#include <iomanip>
#include <ostream>
#include <sstream>
#include <thread>

#include "nemesis/checkpoint_watch.hpp"
#include "nemesis/conservation.hpp"
#include "nemesis/violation.hpp"
#include "realworld/compare.hpp"
#include "support/positions.hpp"
#include "support/storm_thread.hpp"
#include "workbench/eventually.hpp"

namespace sluice::nemesis {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::StormThread;
using workbench::eventually;
using workbench::Mongo;

constexpr const char* database = "nemesis";
constexpr const char* state_database = "nemesis_state";
constexpr std::int64_t numbers_per_storm = 100'000'000;
constexpr std::int64_t most_favorites = 20'000;

std::string patient(const test::ReplicaSet& servers) {
  // A server that is frozen or cut off must not hold a writer for longer than the faults last.
  return servers.patient_uri() + "&socketTimeoutMS=10000";
}

class Nemesis {
 public:
  Nemesis(const Options& options, std::ostream& out)
      : options_(options),
        out_(out),
        random_(options.seed),
        servers_(options.nodes, test::Network::proxied),
        db_(patient(servers_), database),
        state_(patient(servers_), state_database),
        fleet_(options.shards, [this] { return flags(); }),
        faults_(servers_, fleet_, state_database, random_),
        watch_(patient(servers_), state_database) {
    storm_.sizes = {.users = 60,
                    .articles = 150,
                    .comments = 200,
                    .favorites = 600,
                    .seed = options.seed,
                    .ids = realworld::Ids::mixed};
    storm_.writers = 3;
    storm_.operations = 0;  // until it is stopped
    storm_.user_rounds = 1;
  }

  Report run() {
    try {
      fleet_.await_ready();
      realworld::seed(db_, storm_.sizes);
      while (!over()) round();
      fleet_.end();
    } catch (const std::exception& error) {
      report_.violation = error.what();
    }
    report_.looks = watch_.looks();
    report_.minutes = std::chrono::duration<double>(Clock::now() - start_).count() / 60;
    return report_;
  }

 private:
  bool chance(int percent) { return realworld::chance(random_, percent); }

  std::vector<std::string> flags() {
    // Time-outs below a lease, so that half-open connections and frozen servers are given up in time.
    return {"--mongodb-uri",    servers_.uri() + "&socketTimeoutMS=4000",
            "--database",       database,
            "--state-database", state_database,
            "--lease-ms",       "3000",
            "--lanes",          std::to_string(1 + realworld::below(random_, 6)),
            "--batch-docs",     chance(50) ? "10" : "1000",
            "--in-flight",      chance(50) ? "1" : "6",
            "--queue-events",   chance(25) ? "200" : "50000"};
  }

  bool over() const {
    int struck = 0;
    for (const auto& [fault, times] : report_.faults) struck += times;
    return struck >= options_.faults && Clock::now() - start_ >= options_.length;
  }

  /// The moment and the length of a fault are to hit anything at all, so they go by the clock.
  void pass_time_up_to(std::int64_t milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(realworld::below(random_, milliseconds)));
  }

  void say(const std::string& text) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    out_ << std::fixed << std::setprecision(1) << std::setw(8) << seconds << " s  " << text << std::endl;
  }

  void round() {
    storm_.first_new += numbers_per_storm;
    storm_.sizes.seed = random_();
    StormThread storm(patient(servers_), database, storm_);
    const auto strikes = 4 + realworld::below(random_, 7);
    for (std::int64_t i = 0; i < strikes; ++i) {
      pass_time_up_to(800);
      const auto fault = random_fault(random_, options_.nodes);
      const std::string what = faults_.strike(fault);
      ++report_.faults[fault];
      say(std::string(name_of(fault)) + ": " + what);
      pass_time_up_to(2000);
      fleet_.tend();
      if (chance(50)) faults_.heal();
    }
    faults_.heal();
    const auto written = storm.finish();
    report_.operations += written.operations;
    report_.refused += written.failed;
    check();
    clear_if_large();
  }

  void check() {
    fleet_.await_ready();
    settle();
    const auto projections = realworld::compare(db_);
    for (const auto& projection : projections) report_.documents += projection.documents;
    if (!realworld::all_right(projections)) violated("targets differ\n" + realworld::table(projections));
    if (const auto difference = not_conserved(db_); !difference.empty()) violated(difference);
    if (const auto backwards = watch_.violation(); !backwards.empty()) violated(backwards);
    const auto dead = state_.find("dead_letters", {}, R"({"limit":1})");
    if (!dead.empty()) violated("an event was set aside: " + dead.front().json());
    add_up_the_ends();
    ++report_.checks;
    say("all well after " + std::to_string(report_.operations) + " operations");
  }

  /// Until every shard has stored a position behind the last write.
  void settle() {
    const std::uint64_t now = db_.operation_time();
    std::uint64_t reached = 0;
    const bool settled = eventually(test::patience(90s), [&] {
      fleet_.tend();
      reached = test::oldest_position(state_, options_.shards);
      return reached > now;
    });
    if (!settled)
      violated("positions stay at " + test::time_text(reached) + ", the server is at " +
               test::time_text(now));
  }

  void add_up_the_ends() {
    for (std::size_t shard = 0; shard < fleet_.shards(); ++shard) {
      double read = 0;
      double ended = 0;
      const bool equal = eventually(test::patience(20s), [&] {
        const auto metrics = fleet_.worker(shard).metrics();
        read = metrics.sum("sluice_events_read_total");
        ended = metrics.sum("sluice_events_applied_total") + metrics.sum("sluice_events_published_total") +
                metrics.sum("sluice_events_filtered_total") + metrics.sum("sluice_events_dead_total");
        return metrics.has("sluice_events_read_total") && metrics.sum("sluice_events_in_flight") == 0 &&
               read == ended;
      });
      if (!equal)
        violated("of " + std::to_string(read) + " events read, " + std::to_string(ended) + " have an end");
    }
  }

  /// The next storms go on with little, after a last one of deletes: the length of a run is not to be bounded
  /// by its data.
  void clear_if_large() {
    if (db_.count("favorites") < most_favorites) return;
    db_.remove_many("favorites", {});
    db_.remove_many("comments", {});
    say("favourites and comments cleared");
  }

  [[noreturn]] void violated(const std::string& what) {
    std::string stories;
    for (std::size_t shard = 0; shard < fleet_.shards(); ++shard)
      stories += "\n" + fleet_.worker(shard).story();
    throw Violation(what + stories);
  }

  const Options& options_;
  std::ostream& out_;
  realworld::Random random_;
  Report report_;
  Clock::time_point start_ = Clock::now();
  test::ReplicaSet servers_;
  Mongo db_;
  Mongo state_;
  Fleet fleet_;
  Faults faults_;
  CheckpointWatch watch_;
  realworld::StormOptions storm_;
};

}  // namespace

int Report::kills() const {
  int sum = 0;
  for (const Fault fault : {Fault::kill_worker, Fault::kill_server}) {
    const auto found = faults.find(fault);
    if (found != faults.end()) sum += found->second;
  }
  return sum;
}

Report run(const Options& options, std::ostream& out) {
  return Nemesis(options, out).run();
}

std::string text_of(const Options& options, const Report& report) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << "seed " << options.seed << ": " << options.shards
       << " shards on " << options.nodes << " mongods, " << report.minutes << " minutes, " << report.kills()
       << " kills\n";
  for (const auto& [fault, times] : report.faults)
    text << std::setw(6) << times << "  " << name_of(fault) << "\n";
  text << report.operations << " operations (" << report.refused << " refused by a fault), " << report.checks
       << " checks of " << report.documents << " documents, " << report.looks
       << " looks at the checkpoints\n";
  text << (report.violation.empty() ? "Nothing was violated.\n" : "VIOLATED: " + report.violation + "\n");
  return text.str();
}

}  // namespace sluice::nemesis
