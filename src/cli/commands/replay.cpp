#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/commands/rule_names.hpp"
#include "cli/load_config.hpp"
#include "cli/own_flags.hpp"
#include "mongo/quiet.hpp"
#include "mongo/raii.hpp"
#include "operations/replay.hpp"
#include "sluice/error.hpp"
#include "text/printable.hpp"

namespace sluice::cli {
namespace {

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string required(const Arguments& arguments, const char* flag, const char* what) {
  if (auto stated = given(arguments, flag)) return *stated;
  throw UsageError(fmt::format("name {}: --{} RULE", what, flag));
}

/// The run's name, given or generated. It becomes part of message headers, so its characters are limited.
std::string run_name(const Arguments& arguments) {
  constexpr std::size_t most_bytes = 100;
  const std::string name = given(arguments, "run").value_or("replay-" + std::to_string(now_ms()));
  const auto printable = [](char c) { return c > ' ' && c < 0x7F; };
  if (name.empty() || name.size() > most_bytes || !std::ranges::all_of(name, printable)) {
    throw UsageError(
        fmt::format("--run must have 1 to {} printable ASCII characters without spaces", most_bytes));
  }
  return name;
}

}  // namespace

int replay_command(const Arguments& arguments, std::ostream& out, std::ostream& err) {
  operations::ReplayPlan plan;
  plan.store = required(arguments, "store", "the event_store rule whose events are replayed");
  plan.rule = required(arguments, "to", "the rule to pass them to");
  plan.filter = {given(arguments, "aggregate"), given_moment(arguments, "since"),
                 given_moment(arguments, "until")};
  plan.run = run_name(arguments);
  plan.dry_run = arguments.own.contains("dry-run");
  const Config config = load_config(arguments);
  plan.from = &stream_of_rule(config, plan.store, "event_store");
  plan.to = &stream_of_rule(config, plan.rule);
  mongo::quiet_driver();
  const mongo::Driver driver;
  const auto refused = [&](const std::string& why) {
    err << plan.rule << ": refused: " << text::printable(why) << "\n";
  };
  const operations::Replayed done = operations::replay(config, plan, refused);
  out << fmt::format("{}: {} events {}, {} effects{} (run {})\n", plan.rule, done.events,
                     plan.dry_run ? "found" : "replayed", done.effects,
                     done.refused > 0 ? fmt::format(", {} refused", done.refused) : "", plan.run);
  return done.refused > 0 ? exit_code::incomplete : exit_code::ok;
}

}  // namespace sluice::cli
