#pragma once

#include <string>

/// Paths of fields as subscriptions state them: `a.b`, and `items[].price` for each element of an array.
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
