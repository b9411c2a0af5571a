#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>

#include "nemesis/faults.hpp"

namespace sluice::nemesis {

struct Options {
  std::uint64_t seed =
      1;  ///< what all random choices follow from; what runs beside each other is not repeated
  int nodes = 3;
  int shards = 3;
  /// Ends with the first check after so many faults, or after so long if that is later.
  int faults = 0;
  std::chrono::seconds length{0};
};

struct Report {
  std::map<Fault, int> faults;
  std::int64_t operations = 0;
  std::int64_t refused = 0;    ///< operations of the application that a fault made fail
  std::int64_t documents = 0;  ///< held against a fresh computation, over all checks
  std::int64_t looks = 0;      ///< at the checkpoints
  int checks = 0;
  double minutes = 0;
  std::string violation;  ///< what did not hold; "" when all did

  int kills() const;
};

/// Random operations on the RealWorld database while random faults strike servers, workers and the network
/// between them. Now and then everything is healed and must come out right: targets equal a fresh
/// computation, counters are conserved, no checkpoint went backwards, nothing was set aside, and on every
/// worker the four ends add up. A line for each fault goes to `out`.
Report run(const Options& options, std::ostream& out);

/// The figures, in words.
std::string text_of(const Options& options, const Report& report);

}  // namespace sluice::nemesis
