#pragma once

#include <cstdint>
#include <string>

namespace sluice::cli {

/// The rule that a trigger's text is compiled to.
struct TriggerRule {
  std::string name;
  std::string stream;    ///< "" if the text names none
  bool replace = false;  ///< the text says OR REPLACE
  std::string rule;      ///< an item of `rules:`, in YAML; a line of settings may be appended
  /// Whether it publishes to a JetStream stream, and whether it names the stream.
  enum class JetStream : std::uint8_t { none, named, missing } jetstream = JetStream::none;
};

/// Compiles the text of a trigger. Throws ConfigError with a message for its author.
TriggerRule compile(const std::string& text);

}  // namespace sluice::cli
