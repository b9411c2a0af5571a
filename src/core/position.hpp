#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice {

/// A position in a change stream. It owns the whole resume token, since the server may add fields beside
/// `_data`. Positions of one stream are ordered by `_data`, whose bytes compare as the events do. The cluster
/// time does not order them, because all writes of a transaction share one.
struct Position {
  std::vector<std::uint8_t> token;  ///< the resume token as BSON; empty: no position
  std::uint64_t cluster_time = 0;   ///< seconds in the high 32 bits, increment in the low 32 bits
  /// Whether the token is that of an event, and not one that the server made for a position between events.
  /// The server can resume from an event's token only with a filter that the event passes.
  bool at_event = false;

  explicit operator bool() const { return !token.empty(); }
  bson::View view() const { return token.empty() ? bson::View{} : bson::View{token.data(), token.size()}; }
  /// `_data` of the token, by which positions are ordered. Points into this object.
  std::string_view data() const { return token.empty() ? std::string_view{} : view().at("_data").text(); }

  /// Copies the token.
  static Position of(bson::View token, std::uint64_t cluster_time, bool at_event = false) {
    return {{token.data(), token.data() + token.size()}, cluster_time, at_event};
  }
};

}  // namespace sluice
