#pragma once

#include "sluice/bson.hpp"

namespace sluice::source {

/// What a server's change streams can do that those of 6.0.0 cannot.
struct Abilities {
  bool splits_events = false;  ///< can send an event of over 16 MB in fragments: 6.0.9, and 7.0 and later
  /// Reports which names in an update are single field names with dots in them (disambiguatedPaths), if
  /// expanded events are requested: 7.0 and later. The short-lived versions 6.1 to 6.3 can as well, but are
  /// not asked to.
  bool tells_dotted_names = false;
};

/// Derived from the answer to buildInfo. An ability that the answer does not show counts as absent.
inline Abilities abilities_of(bson::View build_info) {
  const bson::View version = build_info.at("versionArray").document();
  const auto part = [&](const char* index) { return version.at(index).integer().value_or(0); };
  const bool seven = part("0") >= 7;
  return {seven || (part("0") == 6 && part("1") == 0 && part("2") >= 9), seven};
}

}  // namespace sluice::source
