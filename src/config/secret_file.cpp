#include "config/secret_file.hpp"

#include <fstream>
#include <sstream>

#include "sluice/settings.hpp"

namespace sluice::config {

std::string secret_in(const std::string& file, const std::string& whose) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  std::string secret = text.str();
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (!in || secret.empty())
    throw ConfigError(file + ": cannot be read, or is empty; it should contain a secret of " + whose);
  return secret;
}

}  // namespace sluice::config
