#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

constexpr Option redis_table[] = {
    {.group = "Redis",
     .name = "redis-url",
     .env = "REDIS_URL",
     .path = "redis.url",
     .type = OptionType::redis_url,
     .fallback = "redis://127.0.0.1:6379/0",
     .help = "Redis server for cache rules, with user, password and database number.",
     .store = set_text<&Config::redis, &RedisConfig::url>},
    {.group = "Redis",
     .name = "redis-password-file",
     .env = "REDIS_PASSWORD_FILE",
     .path = "redis.password_file",
     .type = OptionType::file,
     .help = "File that contains the password, instead of the URL. A changed file takes effect with the next "
             "connection.",
     .store = set_text<&Config::redis, &RedisConfig::password_file>},
    {.group = "Redis",
     .name = "redis-timeout-ms",
     .env = "SLUICE_REDIS_TIMEOUT_MS",
     .path = "redis.timeout_ms",
     .type = OptionType::whole,
     .unit = "ms",
     .fallback = "2000",
     .least = 50,
     .most = 600'000,
     .help =
         "How long Redis may take to answer before the connection is closed and the commands are sent again.",
     .store = set_number<&Config::redis, &RedisConfig::timeout_ms>},
};

}  // namespace

std::span<const Option> redis_options() {
  return redis_table;
}

}  // namespace sluice::config
