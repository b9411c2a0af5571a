#pragma once

#include <mongoc/mongoc.h>

#include <string>

namespace storm {

/// The string or ObjectId at a dotted path of an event; "" if there is neither.
std::string text_at(const bson_t* event, const char* path);

/// The event as relaxed Extended JSON.
std::string relaxed_json(const bson_t* event);

}  // namespace storm
