#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::bson {

template <typename T>
T parse_digits(std::string_view digits) {
  T number{};
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

/// A decimal number without its sign: `digits`, which have no leading or trailing zeros, times ten to the
/// power of `exponent`. Zero has no digits.
struct Decimal {
  std::array<char, 64> text{};
  std::string_view digits;  ///< into `text`
  int exponent = 0;

  /// Parses a number such as "12.5" or "1.25e+1", without a sign.
  explicit Decimal(std::string_view scientific) {
    const auto e = scientific.find_first_of("eE");
    if (e != std::string_view::npos) {
      std::string_view after = scientific.substr(e + 1);
      if (after.starts_with('+')) after.remove_prefix(1);
      exponent = parse_digits<int>(after);
    }
    std::size_t size = 0;
    bool fraction = false;
    for (const char c : scientific.substr(0, e)) {
      if (c == '.') fraction = true;
      if (c < '0' || c > '9' || size == text.size()) continue;
      text[size++] = c;
      exponent -= fraction ? 1 : 0;
    }
    digits = {text.data(), size};
    while (digits.ends_with('0')) {
      digits.remove_suffix(1);
      ++exponent;
    }
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  }
  Decimal(const Decimal&) = delete;
  Decimal& operator=(const Decimal&) = delete;

  /// The number as an integer; nullopt if it is not a 64-bit integer.
  std::optional<std::int64_t> integer(bool negative) const {
    if (digits.empty()) return 0;
    if (exponent < 0 || digits.size() + static_cast<std::size_t>(exponent) > 19) return std::nullopt;
    std::string whole =
        (negative ? "-" : "") + std::string(digits) + std::string(static_cast<std::size_t>(exponent), '0');
    std::int64_t number = 0;
    const auto end = std::from_chars(whole.data(), whole.data() + whole.size(), number);
    return end.ec == std::errc{} ? std::optional(number) : std::nullopt;
  }
};

}  // namespace sluice::bson
