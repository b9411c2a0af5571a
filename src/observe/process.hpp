#pragma once

#include <cstdint>

namespace sluice::observe {

/// This process's resident memory; 0 where the system does not tell.
std::int64_t resident_bytes();

}  // namespace sluice::observe
