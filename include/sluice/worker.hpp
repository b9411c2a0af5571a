#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/config.hpp"

namespace sluice {

/// What became of a configuration while a worker runs by it.
struct ConfigNews {
  std::optional<Config> config;           ///< the new one; absent where it cannot be used
  std::string refused = {};               ///< why it cannot: one line that names the place
  std::vector<std::string> need_restart;  ///< what of it only a worker that starts takes up: `engine.lanes`
};

/// Where the configuration of a running worker comes from.
class ConfigSource {
 public:
  ConfigSource() = default;
  virtual ~ConfigSource() = default;
  ConfigSource(const ConfigSource&) = delete;
  ConfigSource& operator=(const ConfigSource&) = delete;

  /// Nothing where nothing is new since the last call. Called about once a second, and at once when the
  /// worker gets a SIGHUP (`asked`: whatever stands there now counts), always on one thread. May block.
  virtual std::optional<ConfigNews> poll(bool asked) = 0;
};

/// Runs a worker until SIGTERM or SIGINT, or until something ends it that no retry can mend. Blocks; takes
/// the two signals for itself; returns the process's exit code (sluice/error.hpp). Errors of the
/// configuration that show only now are thrown as ConfigError; everything else is logged and told by the
/// code.
int run_worker(const Config& config);

/// The same for a worker that takes up new configurations while it runs, and the triggers that are kept in
/// the state database with them. Takes SIGHUP for itself, too. `source` has to outlive the call.
int run_worker(const Config& config, ConfigSource& source);

}  // namespace sluice
