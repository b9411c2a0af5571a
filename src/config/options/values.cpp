#include "config/options/values.hpp"

#include <unistd.h>

#include <string_view>

namespace sluice::config {

Values process_environment() {
  Values values;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return values;
}

}  // namespace sluice::config
