#include "observe/build_info.hpp"

// The build sets this for this file only, so that a new commit recompiles no other file.
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
