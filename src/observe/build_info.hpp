#pragma once

#include <string_view>

namespace sluice::observe {

/// The running program. `commit` is "unknown" if it was not built from a repository.
struct BuildInfo {
  std::string_view version;
  std::string_view commit;
  std::string_view compiler;
};

BuildInfo build_info();

}  // namespace sluice::observe
