#include "rules/shared/format.hpp"

#include <vector>

#include "config/names.hpp"

namespace sluice::rules {

std::string read_format(const Settings& settings, std::initializer_list<std::string_view> known) {
  if (settings.has("format") && settings.scalar("format") == "json") {
    const std::vector<std::string> names(known.begin(), known.end());
    settings.fail("format", "'format' must be " + config::join_or(names) +
                                ", not 'json'; plain JSON is relaxed, which is the default");
  }
  return settings.choice("format", known, "relaxed");
}

}  // namespace sluice::rules
