#pragma once

#include <optional>
#include <string>

#include "config/load.hpp"
#include "sluice/pipeline.hpp"

namespace sluice::config {

/// A configuration file that may be edited while a worker runs by it, under the same flags and environment.
/// A new text counts once it was found twice in a row: one that is still being written does not. What its
/// rules mean is not looked at here.
class WatchedFile : public ConfigSource {
 public:
  /// Throws ConfigError.
  WatchedFile(std::string file, Values flags, Values environment);

  /// As it was at the start.
  const Config& config() const { return first_.config; }

  std::optional<ConfigNews> poll(bool asked) override;

 private:
  std::string read() const;
  ConfigNews judge() const;

  const std::string file_;
  const Values flags_;
  const Values environment_;
  std::string text_;  ///< that was judged last
  std::string seen_;  ///< at the last look; with the reason where it could not be read
  Loaded first_;
};

}  // namespace sluice::config
