#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice {

/// A place in a change stream, owned. The resume token is kept whole (the server may add fields beside
/// _data). Positions of one stream are ordered by _data, which the server encodes so that bytes compare as
/// events do; the cluster time alone never orders them, for all writes of a transaction share one.
struct Position {
  std::vector<std::uint8_t> token;  ///< the resume token document; empty means "no position"
  std::uint64_t cluster_time = 0;   ///< seconds in the high half, increment in the low half
  /// The token is an event's own (else one that the server made for a place between events). The server finds
  /// its way back to such a token only with a filter that lets the event pass.
  bool at_event = false;

  explicit operator bool() const { return !token.empty(); }
  bson::View view() const { return token.empty() ? bson::View{} : bson::View{token.data(), token.size()}; }
  /// The part of the token that orders positions.
  std::string_view data() const { return token.empty() ? std::string_view{} : view().at("_data").text(); }

  static Position of(bson::View token, std::uint64_t cluster_time, bool at_event = false) {
    return {{token.data(), token.data() + token.size()}, cluster_time, at_event};
  }
};

}  // namespace sluice
