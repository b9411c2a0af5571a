#pragma once

#include <mongoc/mongoc.h>

namespace sluice::mongo {

/// Keeps the driver from writing to stderr by itself, for commands that say all there is to say in words of
/// their own. Of the whole process, so it belongs into a command and nowhere else.
inline void quiet_driver() {
  mongoc_log_set_handler(nullptr, nullptr);
}

}  // namespace sluice::mongo
