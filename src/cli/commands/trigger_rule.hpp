#pragma once

#include <cstdint>
#include <string>

namespace sluice::cli {

/// What the text of a trigger comes to.
struct TriggerRule {
  std::string name;
  std::string stream;    ///< "" where the text does not say
  bool replace = false;  ///< OR REPLACE
  std::string rule;      ///< an item of `rules:`, in YAML; a line of settings may be appended
  /// Whether it publishes to a JetStream stream, and names it.
  enum class JetStream : std::uint8_t { none, named, missing } jetstream = JetStream::none;
};

/// Throws ConfigError or UsageError, for the person who wrote it.
TriggerRule compile(const std::string& text);

}  // namespace sluice::cli
