#pragma once

namespace sluice::test {

/// A rule that counts an article's favourites, and the same as a rule that comes later, with a field of its
/// own.
inline constexpr const char* likes = R"(
  - name: likes
    count: { from: favorites, reference: articleId, into: articles, field: favoritesCount })";
inline constexpr const char* late_likes = R"(
  - name: late-likes
    count: { from: favorites, reference: articleId, into: articles, field: lateCount })";

}  // namespace sluice::test
