#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/config.hpp"

namespace sluice {

/// A change of the configuration while a worker runs.
struct ConfigNews {
  std::optional<Config> config;  ///< the new one; nullopt if it cannot be used
  std::string refused = {};      ///< why it cannot be used: one line with the place in the file
  /// Changed options that take effect only after a restart: `engine.lanes`.
  std::vector<std::string> need_restart;
};

/// Where the configuration of a running worker comes from.
class ConfigSource {
 public:
  ConfigSource() = default;
  virtual ~ConfigSource() = default;
  ConfigSource(const ConfigSource&) = delete;
  ConfigSource& operator=(const ConfigSource&) = delete;

  /// Returns what is new since the last call; nullopt if nothing is. Called about once a second, and at once
  /// when the worker gets a SIGHUP. With SIGHUP `asked` is true: the configuration must be taken as it is
  /// now. Always called on the same thread. May block.
  virtual std::optional<ConfigNews> poll(bool asked) = 0;
};

/// Runs a worker until SIGTERM or SIGINT, or until an error that no retry can solve. Blocks. Handles both
/// signals itself. Returns the process's exit code (sluice/error.hpp). Throws ConfigError for errors of the
/// configuration that are only found now. All other errors are logged and reported by the exit code.
int run_worker(const Config& config);

/// The same for a worker that applies new configurations while it runs, and with them the triggers that are
/// stored in the state database. Also handles SIGHUP itself. `source` must outlive the call.
int run_worker(const Config& config, ConfigSource& source);

}  // namespace sluice
