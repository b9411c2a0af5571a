#include "sinks/webhook/signing_secret.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sluice/settings.hpp"

namespace sluice::sinks {

namespace {

std::string read_secret(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  std::string secret = text.str();
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (!in || secret.empty()) {
    throw ConfigError(file +
                      ": cannot be read, or is empty; it should contain the secret that a webhook's requests "
                      "are signed with");
  }
  return secret;
}

}  // namespace

std::string signing_secret_of(const WebhookPlan& plan) {
  if (!plan.secret_file.empty()) return read_secret(plan.secret_file);
  if (plan.secret_env.empty()) return plan.secret;
  const char* value = std::getenv(plan.secret_env.c_str());
  if (value == nullptr || *value == '\0') {
    throw ConfigError(
        "the variable " + plan.secret_env +
        ", which should contain the secret that a webhook's requests are signed with, is not set");
  }
  return value;
}

}  // namespace sluice::sinks
