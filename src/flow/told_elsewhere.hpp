#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::flow {

/// Where a stream begins if another program may have published for its rules in the meantime. Positions are
/// the _data of resume tokens, which compare as the events do; "" is no position. A *place* is a collection
/// in which the other program keeps its tokens.
struct Beginning {
  /// Begin behind this place's token; nullopt: at the stream's own position.
  std::optional<std::size_t> place;
  /// By rule: the other program has published the rule's changes up to this token. "" if no such token lies
  /// behind the beginning.
  std::vector<std::string> told;

  friend bool operator==(const Beginning&, const Beginning&) = default;
};

/// Decides where the stream begins. `own`: its stored position, or "" if it has never run. `tokens`: the
/// newest token of each place. `places`: for each rule, the index of the place with the tokens of its
/// changes, if any.
///
/// A rule resumes from the newer of the stream's own position and its place's token. The stream begins where
/// the rule that is furthest behind resumes; if it has never run, behind the oldest token.
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
