// Random operations under random faults, for as long as one likes. tools/nemesis builds and starts it.

#include <CLI/CLI.hpp>
#include <iostream>

#include "nemesis/nemesis.hpp"
#include "support/sanitizers.hpp"
#include "support/temporary_directory.hpp"

int main(int argc, char** argv) {
  CLI::App app("Random operations while random faults strike; 1 if anything comes out wrong", "nemesis");
  sluice::nemesis::Options options;
  options.faults = 1;
  double minutes = 1;
  app.add_option("--seed", options.seed, "What all random choices follow from")->capture_default_str();
  app.add_option("--minutes", minutes, "How long; it ends with the first check after that")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--nodes", options.nodes, "mongods in the replica set")
      ->check(CLI::IsMember({1, 3}))
      ->capture_default_str();
  app.add_option("--shards", options.shards, "Workers")->check(CLI::Range(1, 16))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  options.length = std::chrono::seconds(static_cast<int>(minutes * 60));
  try {
    const workbench::Driver driver;
    sluice::test::remove_stale_directories();
    auto report = sluice::nemesis::run(options, std::cout);
    report.violation += sluice::test::take_sanitizer_reports();
    std::cout << text_of(options, report);
    return report.violation.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "nemesis: " << error.what() << "\n";
    return 2;
  }
}
