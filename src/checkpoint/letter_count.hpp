#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mongo/client.hpp"

namespace sluice::checkpoint {

struct LettersCounted {
  std::int64_t count = 0;
  std::optional<Error> error;  ///< set if they could not be counted
};

/// How many dead letters of a stream there are, at most `most_letters_counted`. Blocks.
LettersCounted count_letters(mongo::ClientPool& pool, const std::string& state_database,
                             const std::string& pipeline, const std::string& stream);
inline constexpr int most_letters_counted = 10'000;

}  // namespace sluice::checkpoint
