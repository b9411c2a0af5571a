#pragma once

#include <cstdint>
#include <string>

namespace realworld {

/// How documents are named: as the application does it (ObjectIds), or with ids of many BSON types.
enum class Ids : std::uint8_t { object_ids, mixed };

enum class Kind : std::uint8_t { user = 1, article = 2, comment = 3, favorite = 4 };

/// The id of the n-th document of a kind, as Extended JSON: the same on every run, and for nobody else.
std::string id_of(Ids ids, Kind kind, std::int64_t n);

}  // namespace realworld
