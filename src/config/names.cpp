#include "config/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "sluice/settings.hpp"

namespace sluice {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// People mix up case, `-` and `_` more than letters.
std::string folded(std::string_view word) {
  std::string text(word);
  std::transform(text.begin(), text.end(), text.begin(), lower);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

/// `retries` counts as a near match of `retry`.
std::string singular(const std::string& word) {
  if (word.size() > 4 && word.ends_with("ies")) return word.substr(0, word.size() - 3) + "y";
  if (word.size() > 3 && word.ends_with('s')) return word.substr(0, word.size() - 1);
  return word;
}

/// Edit distance in which two swapped neighbours count as one edit (`form` for `from`).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

constexpr std::size_t kLongestGuess = 64;

}  // namespace

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
  if (word.empty() || word.size() > kLongestGuess) return {};
  const std::string wanted = folded(word);
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& name : names) {
    if (name.empty() || name.size() > kLongestGuess) continue;
    const std::string known = folded(name);
    const std::size_t distance =
        std::min(edit_distance(wanted, known), 1 + edit_distance(singular(wanted), singular(known)));
    // With as many edits as letters, any short word would be near to any other.
    if (distance < best_distance && distance < std::min(word.size(), name.size())) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

namespace config {

std::string join_or(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

std::string not_among(std::string_view word, const std::vector<std::string>& names) {
  std::string text = fmt::format("{}, not '{}'", join_or(names), word);
  const std::string near = nearest_name(word, names);
  if (!near.empty()) text += fmt::format(" (did you mean '{}'?)", near);
  return text;
}

std::string unknown_name(std::string_view what, std::string_view word,
                         const std::vector<std::string>& candidates, const std::vector<std::string>& known) {
  std::string text = fmt::format("unknown {} '{}'", what, word);
  const std::string near = nearest_name(word, candidates);
  if (!near.empty()) return fmt::format("{}; did you mean '{}'?", text, near);
  if (!known.empty()) text += "; allowed here: " + join_or(known);
  return text;
}

std::optional<long long> whole_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string why_no_name(std::string_view name) {
  if (name.empty()) return "a name must not be empty";
  if (name.size() > 64) return "a name has at most 64 characters";
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
  return plain ? "" : "a name may contain only letters, digits, '.', '_' and '-'";
}

std::string why_no_database(std::string_view name) {
  if (name.empty()) return "a database name must not be empty";
  if (name.size() > 63) return "a database name has at most 63 bytes";
  if (name == "admin" || name == "local" || name == "config") {
    return "'" + std::string(name) + "' is reserved for the server and has no change streams";
  }
  constexpr std::string_view refused("/\\. \"$*<>:|?\0", 13);
  if (name.find_first_of(refused) != std::string_view::npos) {
    return "a database name must not contain / \\ . \" $ * < > : | ? or a space";
  }
  return {};
}

}  // namespace config
}  // namespace sluice
