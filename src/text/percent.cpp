#include "text/percent.hpp"

#include "text/hex.hpp"

namespace sluice::text {

std::array<char, 3> percent_encoded(char byte) {
  const auto digits = upper_hex_digits(static_cast<std::uint8_t>(byte));
  return {'%', digits[0], digits[1]};
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text[0] != '%') {
      plain += text[0];
      text.remove_prefix(1);
      continue;
    }
    const std::string_view digits = text.substr(1, 2);
    const auto byte = parse_hex(digits);
    if (digits.size() != 2 || !byte) return std::nullopt;
    plain += static_cast<char>(*byte);
    text.remove_prefix(3);
  }
  return plain;
}

}  // namespace sluice::text
