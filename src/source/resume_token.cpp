#include "source/resume_token.hpp"

#include "text/hex.hpp"

namespace sluice::source {

std::optional<std::uint64_t> time_of_token(bson::View token) {
  // A token's _data is a list of values in hex, in an encoding that preserves their order. The first value is
  // a timestamp: a type byte and eight bytes.
  constexpr std::string_view timestamp_type = "82";
  constexpr std::size_t digits = 16;
  const std::string_view data = token.at("_data").text();
  if (!data.starts_with(timestamp_type) || data.size() < timestamp_type.size() + digits) return std::nullopt;
  return text::parse_hex(data.substr(timestamp_type.size(), digits));
}

}  // namespace sluice::source
