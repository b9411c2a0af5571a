#pragma once

#include "sluice/bson.hpp"

namespace sluice::source {

/// What a server's change streams can do beyond those of 6.0.0.
struct Abilities {
  bool splits_events = false;  ///< sends an event of over 16 MB in fragments, when asked to: 6.0.9, or 7.0 up
  /// Says which names of an update are one name with dots in it (disambiguatedPaths), when asked for expanded
  /// events: 7.0 up, and the short-lived 6.1 to 6.3, which are not asked.
  bool tells_dotted_names = false;
};

/// From the answer to buildInfo. An answer that says nothing promises nothing.
inline Abilities abilities_of(bson::View build_info) {
  const bson::View version = build_info.at("versionArray").document();
  const auto part = [&](const char* index) { return version.at(index).integer().value_or(0); };
  const bool seven = part("0") >= 7;
  return {seven || (part("0") == 6 && part("1") == 0 && part("2") >= 9), seven};
}

}  // namespace sluice::source
