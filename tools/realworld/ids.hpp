#pragma once

#include <cstdint>
#include <string>

namespace realworld {

/// The types of _ids: ObjectIds, as the application uses, or many BSON types.
enum class Ids : std::uint8_t { object_ids, mixed };

enum class Kind : std::uint8_t { user = 1, article = 2, comment = 3, favorite = 4 };

/// The _id of the n-th document of a kind, as Extended JSON. It is the same in every run, and unique.
std::string id_of(Ids ids, Kind kind, std::int64_t n);

}  // namespace realworld
