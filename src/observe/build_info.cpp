#include "observe/build_info.hpp"

// Set for this file alone, so that a new commit compiles no other anew.
#ifndef SLUICE_COMMIT
#define SLUICE_COMMIT "unknown"
#endif

namespace sluice::observe {

BuildInfo build_info() {
#ifdef __clang__
  return {SLUICE_VERSION, SLUICE_COMMIT, "clang " __clang_version__};
#else
  return {SLUICE_VERSION, SLUICE_COMMIT, "g++ " __VERSION__};
#endif
}

}  // namespace sluice::observe
