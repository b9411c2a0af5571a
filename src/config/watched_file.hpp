#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/load.hpp"
#include "sluice/worker.hpp"

namespace sluice::config {

/// A configuration file that may be edited while a worker runs. Flags and environment stay the same. A
/// changed text is loaded only when two successive reads find it, so that a file is not loaded while it is
/// being written. The rules are not compiled here.
class WatchedFile : public ConfigSource {
 public:
  /// `extensions` may be null. Throws ConfigError.
  WatchedFile(std::string file, Values flags, Values environment,
              std::shared_ptr<const Extensions> extensions = {});

  /// The configuration at the start.
  const Config& config() const { return first_.config; }

  std::optional<ConfigNews> poll(bool asked) override;

 private:
  Loaded load() const;
  std::string read() const;
  ConfigNews judge() const;

  const std::string file_;
  const Values flags_;
  const Values environment_;
  const std::shared_ptr<const Extensions> extensions_;
  std::string text_;  ///< the text that was loaded last
  std::string seen_;  ///< the text at the last poll, or the reason if it could not be read
  Loaded first_;
};

}  // namespace sluice::config
