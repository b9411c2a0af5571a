#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

constexpr const char* kHealthForms[] = {"alive", "components"};
constexpr const char* kLogLevels[] = {"trace", "debug", "info", "warn", "error", "off"};
constexpr const char* kLogFormats[] = {"text", "json"};

void set_health(Config& config, const OptionValue& value) {
  config.health = value.text == "components" ? HealthForm::components : HealthForm::alive;
}

void set_http_host(Config& config, const OptionValue& value) {
  config.http_host = without_brackets(value.text);
}

void set_log_format(Config& config, const OptionValue& value) {
  config.log_format = value.text == "json" ? LogFormat::json : LogFormat::text;
}

constexpr Option monitoring_table[] = {
    {.group = "Monitoring",
     .name = "http-host",
     .env = "SLUICE_HTTP_HOST",
     .path = "http.host",
     .type = OptionType::text,
     .fallback = "127.0.0.1",
     .help = "Address on which the HTTP server listens.",
     .store = set_http_host},
    {.group = "Monitoring",
     .name = "http-port",
     .env = "SLUICE_HTTP_PORT",
     .path = "http.port",
     .type = OptionType::whole,
     .unit = "port",
     .fallback = "0",
     .least = 0,
     .most = 65'535,
     .help = "Port for /healthz, /readyz, /metrics and /status. 0 turns the HTTP server off.",
     .store = set_number<&Config::http_port>},
    {.group = "Monitoring",
     .name = "http-health",
     .env = "SLUICE_HTTP_HEALTH",
     .path = "http.health",
     .type = OptionType::choice,
     .fallback = "alive",
     .choices = kHealthForms,
     .help = "What /healthz checks: that the process answers (alive), or also that MongoDB and the servers "
             "that rules send to can be reached (components).",
     .store = set_health},
    {.group = "Monitoring",
     .name = "log-level",
     .env = "SLUICE_LOG_LEVEL",
     .path = "log.level",
     .type = OptionType::choice,
     .fallback = "info",
     .choices = kLogLevels,
     .help = "Minimum level of the messages that are logged.",
     .store = set_text<&Config::log_level>},
    {.group = "Monitoring",
     .name = "log-format",
     .env = "SLUICE_LOG_FORMAT",
     .path = "log.format",
     .type = OptionType::choice,
     .fallback = "text",
     .choices = kLogFormats,
     .help = "Log format: readable text, or one JSON object per line.",
     .store = set_log_format},
};

}  // namespace

std::span<const Option> monitoring_options() {
  return monitoring_table;
}

}  // namespace sluice::config
