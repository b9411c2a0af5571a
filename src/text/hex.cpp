#include "text/hex.hpp"

#include <charconv>

namespace sluice::text {

namespace {

constexpr std::string_view lower = "0123456789abcdef";
constexpr std::string_view upper = "0123456789ABCDEF";

}  // namespace

std::array<char, 2> hex_digits(std::uint8_t byte) {
  return {lower[byte >> 4], lower[byte & 15]};
}

std::array<char, 2> upper_hex_digits(std::uint8_t byte) {
  return {upper[byte >> 4], upper[byte & 15]};
}

void append_hex(std::string& out, const std::uint8_t* bytes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    out += lower[bytes[i] >> 4];
    out += lower[bytes[i] & 15];
  }
}

void append_hex(std::string& out, std::string_view prefix, std::uint8_t byte) {
  out += prefix;
  append_hex(out, &byte, 1);
}

std::string hex(std::uint64_t number) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8)
    append_hex(out, std::string_view(), static_cast<std::uint8_t>(number >> shift));
  return out;
}

std::optional<std::uint64_t> parse_hex(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace sluice::text
