#pragma once

namespace sluice::test {

/// A rule that counts an article's favourites, and a second one, to be added later, that counts them in
/// another field.
inline constexpr const char* likes = R"(
  - name: likes
    count: { from: favorites, reference: articleId, into: articles, field: favoritesCount })";
inline constexpr const char* late_likes = R"(
  - name: late-likes
    count: { from: favorites, reference: articleId, into: articles, field: lateCount })";

}  // namespace sluice::test
