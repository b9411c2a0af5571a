#pragma once

#include <optional>
#include <string>
#include <vector>

#include "json_value.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "report.hpp"
#include "rivals.hpp"

namespace storm {

/// All measurements of one scenario and its rivals.
struct Scenario {
  std::string name;
  std::int64_t events = 0;
  std::int64_t documents = 0;
  StreamShape shape;
  std::vector<Run> runs;
  std::vector<Drain> own_cursor;    ///< a bare cursor with the worker's stream options
  std::vector<Drain> plain_cursor;  ///< a bare cursor without a $match after $changeStream
  std::vector<std::vector<Ceiling>> ceilings;
  OneAtATime one;
  std::optional<Run> burst;
  std::optional<Run> paced;
  double paced_rate = 0;
};

/// A ratio of a worker's rate to a rival's, with the project's target.
struct Ratio {
  std::string label;
  Spread value;
  double target = 0;  ///< 0: none
};

Scenario measure_scenario(const Options& options, const Server& server, const std::string& name);

Spread events_per_second(const Scenario& scenario);
/// The index of the fastest way of writing, by its median over the rounds.
std::size_t best_ceiling(const Scenario& scenario);
std::vector<Ratio> ratios(const Scenario& scenario);
Json json_of(const Scenario& scenario);
std::string text_of(const Scenario& scenario);

}  // namespace storm
