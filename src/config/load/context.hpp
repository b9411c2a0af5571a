#pragma once

#include <string>
#include <utility>

#include "config/load.hpp"
#include "config/load/sources.hpp"

namespace sluice::config {

/// What the parts of one load share.
struct LoadContext {
  Sources sources;
  Loaded& loaded;
  Problems& problems;  ///< all found so far

  Config& config() { return loaded.config; }

  /// Runs `act` and adds the problems that it throws, so that the load goes on and finds further ones.
  /// Returns whether there were none.
  template <class Act>
  bool attempt(Act act) {
    try {
      act();
      return true;
    } catch (const ConfigError& error) {
      append(problems, error);
      return false;
    }
  }

  /// Adds a line to the listing of `sluice config`. The value must be masked already.
  void list(std::string name, std::string value, const Origin& origin) {
    loaded.effective.push_back({std::move(name), std::move(value), origin.shown()});
  }
};

/// Reads the pipeline's name and all options that do not belong to a stream, and checks the file's keys.
void read_options(LoadContext& context);

/// Reads the streams and their rules, from `streams` or from `mongodb` and `rules` at the top level.
void read_streams(LoadContext& context);

}  // namespace sluice::config
