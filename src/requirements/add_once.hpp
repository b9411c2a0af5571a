#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace sluice::requirements {

inline void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

}  // namespace sluice::requirements
