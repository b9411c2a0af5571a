#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::flow {

/// Where a stream begins whose rules another program may have published for in the meantime. Positions are
/// resume tokens' _data, which compare as the events do; "" is none.
struct Beginning {
  std::optional<std::size_t> place;  ///< begin behind this place's token; otherwise where it stands itself
  /// By rule: the other program has published its changes up to this token. "" where that says nothing about
  /// changes behind the beginning.
  std::vector<std::string> told;

  friend bool operator==(const Beginning&, const Beginning&) = default;
};

/// `own`: where the stream stands itself, or "" where it has never run. `tokens`: by place, the newest token
/// that stands there. `places`: by rule, the place that holds the tokens of its changes, if any does.
///
/// A rule goes on from whichever is newer, the stream's own position or its place's token, and the stream
/// begins where the rule that is furthest behind does. One that has never run begins behind the oldest token.
inline Beginning begin_behind(std::string_view own, const std::vector<std::string>& tokens,
                              const std::vector<std::optional<std::size_t>>& places) {
  Beginning result;
  std::string_view least;
  if (own.empty()) {
    for (std::size_t place = 0; place < tokens.size(); ++place) {
      if (tokens[place].empty() || (result.place && tokens[place] >= least)) continue;
      result.place = place;
      least = tokens[place];
    }
  } else {
    const auto is_ahead = [&](const std::optional<std::size_t>& place) {
      return place && tokens[*place] > own;
    };
    if (!places.empty() && std::ranges::all_of(places, is_ahead)) {
      result.place = **std::ranges::min_element(places, {}, [&](const std::optional<std::size_t>& place) {
        return std::string_view(tokens[*place]);
      });
    }
    least = result.place ? std::string_view(tokens[*result.place]) : own;
  }
  for (const auto& place : places) {
    result.told.push_back(place && tokens[*place] > least ? tokens[*place] : std::string());
  }
  return result;
}

}  // namespace sluice::flow
