// The tool of the RealWorld demonstration: fills a database, runs a storm of random writes, and compares
// Sluice's results with a fresh computation. tools/quickstart uses its commands.

#include <signal.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <thread>

#include "realworld/compare.hpp"
#include "realworld/seed.hpp"
#include "realworld/storm.hpp"
#include "workbench/mongo.hpp"
#include "workbench/net.hpp"
#include "workbench/replica_set.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using workbench::Mongo;

struct Arguments {
  std::string uri = "mongodb://127.0.0.1:27017/?replicaSet=rs0";
  std::string database = "conduit";
  std::string ids = "object";
  realworld::StormOptions storm;
  int wait_seconds = 0;
  int writer_pid = 0;
  bool progress = false;
  std::vector<int> ports;
  int port_count = 1;
  std::string host;
  std::string set = "rs0";
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string fixed(double number, int digits = 1) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << number;
  return out.str();
}

int seed(const Arguments& arguments) {
  const auto start = Clock::now();
  Mongo mongo(arguments.uri, arguments.database);
  realworld::seed(mongo, arguments.storm.sizes);
  const auto& sizes = arguments.storm.sizes;
  std::cout << sizes.users << " users, " << sizes.articles << " articles, " << sizes.comments
            << " comments and " << sizes.favorites << " favourites in " << fixed(seconds_since(start))
            << " s\n";
  return 0;
}

int storm(const Arguments& arguments) {
  const auto start = Clock::now();
  const auto report = realworld::storm(arguments.uri, arguments.database, arguments.storm);
  std::cout << report.operations << " operations by " << arguments.storm.writers << " writers, among them "
            << arguments.storm.user_rounds << " updates of all users, in " << fixed(seconds_since(start))
            << " s\n";
  if (report.failed > 0) std::cout << report.failed << " failed, the first: " << report.first_failure << "\n";
  return report.failed == 0 ? 0 : 1;
}

void print_head(const std::vector<realworld::Check>& checks) {
  std::cout << "  second";
  for (const auto& check : checks) std::cout << "  " << check.name;
  std::cout << "\n";
}

void print_progress(const std::vector<realworld::Check>& checks, double seconds) {
  std::cout << std::setw(8) << fixed(seconds);
  for (const auto& check : checks)
    std::cout << std::setw(static_cast<int>(check.name.size()) + 2) << check.wrong;
  std::cout << std::endl;
}

bool still_writing(int pid) {
  return pid > 0 && kill(pid, 0) == 0;
}

int compare(const Arguments& arguments) {
  Mongo mongo(arguments.uri, arguments.database);
  const auto start = Clock::now();
  auto waiting_since = start;
  for (bool first = true;; first = false) {
    // Check before comparing, so that the last comparison includes everything that was written.
    const bool writing = still_writing(arguments.writer_pid);
    const auto checks = realworld::compare(mongo);
    if (arguments.progress && first) print_head(checks);
    if (arguments.progress) print_progress(checks, seconds_since(start));
    const bool right = realworld::all_right(checks);
    if (writing) waiting_since = Clock::now();
    if (!writing && (right || seconds_since(waiting_since) >= arguments.wait_seconds)) {
      std::cout << realworld::table(checks);
      std::cout << (right ? "All projections equal a fresh computation.\n" : "Projections differ.\n");
      return right ? 0 : 1;
    }
    std::this_thread::sleep_for(writing ? std::chrono::seconds(2) : std::chrono::milliseconds(200));
  }
}

int events(const Arguments& arguments) {
  double read = 0;
  for (const int port : arguments.ports) {
    const auto reply = workbench::http_get(port, "/metrics");
    if (reply.status != 200) throw std::runtime_error("no metrics at port " + std::to_string(port));
    read += workbench::Metrics(reply.body).sum("sluice_events_read_total");
  }
  std::cout << fixed(read, 0) << "\n";
  return 0;
}

int ports(const Arguments& arguments) {
  std::vector<workbench::Port> held(static_cast<std::size_t>(arguments.port_count));
  for (const auto& port : held) std::cout << port.number() << "\n";
  return 0;
}

int initiate(const Arguments& arguments) {
  workbench::initiate_replica_set(arguments.set, {arguments.host});
  return 0;
}

void add_place(CLI::App& command, Arguments& arguments) {
  command.add_option("--uri", arguments.uri, "Connection string")
      ->envname("MONGODB_URI")
      ->capture_default_str();
  command.add_option("--database", arguments.database, "Database")->capture_default_str();
}

void add_sizes(CLI::App& command, Arguments& arguments) {
  auto& sizes = arguments.storm.sizes;
  command.add_option("--users", sizes.users, "Users")->check(CLI::PositiveNumber)->capture_default_str();
  command.add_option("--articles", sizes.articles, "Articles")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--comments", sizes.comments, "Comments")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--favorites", sizes.favorites, "Favourites")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--seed", sizes.seed, "What all random choices follow from")->capture_default_str();
  command.add_option("--ids", arguments.ids, "Ids: ObjectIds, or of many types")
      ->check(CLI::IsMember({"object", "mixed"}))
      ->capture_default_str();
}

void add_storm(CLI::App& command, Arguments& arguments) {
  auto& storm = arguments.storm;
  command.add_option("--writers", storm.writers, "Writers at once")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  command.add_option("--operations", storm.operations, "Operations of each writer")->capture_default_str();
  command.add_option("--user-rounds", storm.user_rounds, "Updates of all users at once")
      ->capture_default_str();
  command
      .add_option("--first-new", storm.first_new,
                  "Number of the first new document; differs for a second storm")
      ->capture_default_str();
}

using Command = int (*)(const Arguments&);

void describe(CLI::App& app, Arguments& arguments, Command& chosen) {
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* help, Command command) {
    return app.add_subcommand(name, help)->callback([&chosen, command] { chosen = command; });
  };
  auto* seed_command = add("seed", "Fill an empty database", seed);
  add_place(*seed_command, arguments);
  add_sizes(*seed_command, arguments);

  auto* storm_command =
      add("storm", "Random operations on a seeded database, and updates of all users", storm);
  add_place(*storm_command, arguments);
  add_sizes(*storm_command, arguments);
  add_storm(*storm_command, arguments);

  auto* compare_command =
      add("compare", "Hold the projections against a fresh computation; 1 if they differ", compare);
  add_place(*compare_command, arguments);
  compare_command->add_option("--wait-seconds", arguments.wait_seconds,
                              "How long to wait for them to become equal");
  compare_command->add_option("--while-running", arguments.writer_pid,
                              "Process that still writes: go on looking until it has ended");
  compare_command->add_flag("--progress", arguments.progress, "A line for each look");

  add("events", "Events read so far by the workers whose HTTP ports are given", events)
      ->add_option("ports", arguments.ports, "Ports")
      ->required();
  add("ports", "Free ports of 127.0.0.1", ports)->add_option("count", arguments.port_count, "How many");
  auto* initiate_command =
      add("initiate", "Make a fresh mongod a replica set of one, and wait for its primary", initiate);
  initiate_command->add_option("host", arguments.host, "host:port")->required();
  initiate_command->add_option("--set", arguments.set, "Name of the set")->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  const workbench::Driver driver;
  CLI::App app("Data, storms and checks for the RealWorld rules", "realworld");
  Arguments arguments;
  Command chosen = nullptr;
  describe(app, arguments, chosen);
  CLI11_PARSE(app, argc, argv);
  if (arguments.ids == "mixed") arguments.storm.sizes.ids = realworld::Ids::mixed;
  try {
    return chosen(arguments);
  } catch (const std::exception& error) {
    std::cerr << "realworld: " << error.what() << "\n";
    return 2;
  }
}
