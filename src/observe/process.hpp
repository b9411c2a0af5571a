#pragma once

#include <cstdint>

namespace sluice::observe {

/// This process's resident memory in bytes; 0 if the system does not report it.
std::int64_t resident_bytes();

}  // namespace sluice::observe
