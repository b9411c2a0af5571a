#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "workbench/mongo.hpp"

/// What the example sends, and what has to come of it.
namespace sensors {

struct Sending {
  int port = 3000;     ///< of the data service
  int sensors = 6;     ///< every other one in a freezer, the others in rooms
  int readings = 100;  ///< of each sensor
  std::uint64_t seed = 1;
  std::int64_t first_time_ms = 1'772'000'000'000;
};

/// Sends readings, about a third of them out of range: those of a sensor one after the other, each until the
/// service has answered that it is stored, however often the service goes away. Throws when one is refused.
/// `sent` counts those that are stored.
void send(const Sending& sending, std::atomic<int>& sent);

/// What is wrong, a sentence each; empty when all is right:
/// - every reading out of its range has one alert, under the reading's id, and nothing else has;
/// - the alerts of a sensor are numbered without a gap, in the order of its readings;
/// - `notifications`, what the provider has written, has each alert at least once, a repetition under the
/// same
///   key.
std::vector<std::string> wrong(workbench::Mongo& data, workbench::Mongo& alerts,
                               const std::string& notifications);

/// How many alerts there have to be.
int expected_alerts(workbench::Mongo& data);

}  // namespace sensors
