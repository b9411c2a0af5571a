#include "config/load.hpp"

namespace sluice {

Config load_config(const std::string& file, const Environment& environment) {
  return config::load(file, {}, environment);
}

Config parse_config(const std::string& yaml, const std::string& name, const Environment& environment) {
  return config::load_text(yaml, name, {}, environment).config;
}

}  // namespace sluice
