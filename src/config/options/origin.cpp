#include "config/options/origin.hpp"

#include <cstdlib>

#include "config/problems.hpp"

namespace sluice::config {

std::string Origin::shown() const {
  if (kind != Kind::file) return prefix();
  return where.substr(0, where.rfind(':'));
}

std::string Origin::prefix() const {
  switch (kind) {
    case Kind::flag:
      return "flag " + where;
    case Kind::environment:
      return "environment " + where;
    case Kind::file:
      return where;
    case Kind::fallback:
      return "default";
  }
  return "default";
}

void Origin::fail(const std::string& message) const {
  if (kind != Kind::file) throw ConfigError(prefix() + ": " + message);
  const std::size_t column = where.rfind(':');
  const std::size_t line = column == std::string::npos ? column : where.rfind(':', column - 1);
  if (line == std::string::npos) throw PlacedError({where, 0, 0, message});
  throw PlacedError({where.substr(0, line), std::atoi(where.c_str() + line + 1),
                     std::atoi(where.c_str() + column + 1), message});
}

}  // namespace sluice::config
