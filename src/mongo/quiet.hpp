#pragma once

#include <mongoc/mongoc.h>

namespace sluice::mongo {

/// Keeps the driver from writing to stderr, for commands that report every problem in their own words. This
/// affects the whole process, so only the code of a command may call it.
inline void quiet_driver() {
  mongoc_log_set_handler(nullptr, nullptr);
}

}  // namespace sluice::mongo
