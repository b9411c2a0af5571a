#pragma once

#include <string>

namespace sluice::config {

/// Where a value came from.
struct Origin {
  enum class Kind { flag, environment, file, fallback };
  Kind kind = Kind::fallback;
  std::string where;  ///< `--lanes`, `SHARD_COUNT`, `worker.yaml:3:5`

  /// As `sluice config` shows it: `flag --lanes`, `environment SHARD_COUNT`, `worker.yaml:3`, `default`.
  std::string shown() const;
  /// As the start of a message: the same, with the column, so that editors can jump to it.
  std::string prefix() const;
  /// Throws ConfigError with this as its place.
  [[noreturn]] void fail(const std::string& message) const;
};

}  // namespace sluice::config
