#pragma once

#include <string>

/// Field paths as subscriptions state them: `a.b`, or `items[].price` for a field of each array element.
namespace sluice::source {

/// Whether `path` is `outer` or a field inside it.
inline bool within(const std::string& path, const std::string& outer) {
  return (path + ".").starts_with(outer + ".");
}

inline std::string without_brackets(std::string path) {
  for (auto at = path.find("[]"); at != std::string::npos; at = path.find("[]")) path.erase(at, 2);
  return path;
}

}  // namespace sluice::source
