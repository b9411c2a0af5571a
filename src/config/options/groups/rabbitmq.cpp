#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

constexpr Option rabbitmq_table[] = {
    {.group = "RabbitMQ",
     .name = "rabbitmq-url",
     .env = "RABBITMQ_URL",
     .path = "rabbitmq.url",
     .type = OptionType::amqp_url,
     .fallback = "amqp://guest:guest@127.0.0.1:5672/",
     .help = "RabbitMQ broker to publish to, with user, password and virtual host. Commas separate the nodes "
             "of a "
             "cluster. amqps:// turns TLS on.",
     .store = set_text<&Config::rabbitmq, &RabbitConfig::url>},
    {.group = "RabbitMQ",
     .name = "rabbitmq-password-file",
     .env = "RABBITMQ_PASSWORD_FILE",
     .path = "rabbitmq.password_file",
     .type = OptionType::file,
     .help = "File that contains the password, instead of the URL. A changed file takes effect with the next "
             "connection.",
     .store = set_text<&Config::rabbitmq, &RabbitConfig::password_file>},
    {.group = "RabbitMQ",
     .name = "rabbitmq-ca-file",
     .env = "RABBITMQ_CA_FILE",
     .path = "rabbitmq.ca_file",
     .type = OptionType::file,
     .help = "CA certificates to verify the broker with. Without it, the system's. For amqps.",
     .store = set_text<&Config::rabbitmq, &RabbitConfig::ca_file>},
    {.group = "RabbitMQ",
     .name = "rabbitmq-cert-file",
     .env = "RABBITMQ_CERT_FILE",
     .path = "rabbitmq.cert_file",
     .type = OptionType::file,
     .help = "Client certificate, for brokers that require one. For amqps.",
     .store = set_text<&Config::rabbitmq, &RabbitConfig::cert_file>},
    {.group = "RabbitMQ",
     .name = "rabbitmq-key-file",
     .env = "RABBITMQ_KEY_FILE",
     .path = "rabbitmq.key_file",
     .type = OptionType::file,
     .help = "Private key of the client certificate.",
     .store = set_text<&Config::rabbitmq, &RabbitConfig::key_file>},
    {.group = "RabbitMQ",
     .name = "rabbitmq-ack-ms",
     .env = "SLUICE_RABBITMQ_ACK_MS",
     .path = "rabbitmq.ack_ms",
     .type = OptionType::whole,
     .unit = "ms",
     .fallback = "5000",
     .least = 100,
     .most = 600'000,
     .help =
         "How long to wait for a confirmation before the broker is reported as down. The messages stay in "
         "flight. After ten times as long without a confirmation they are sent again on a new channel.",
     .store = set_number<&Config::rabbitmq, &RabbitConfig::ack_ms>},
    {.group = "RabbitMQ",
     .name = "rabbitmq-heartbeat-s",
     .env = "SLUICE_RABBITMQ_HEARTBEAT_S",
     .path = "rabbitmq.heartbeat_s",
     .type = OptionType::whole,
     .unit = "s",
     .fallback = "10",
     .least = 1,
     .most = 3'600,
     .help =
         "Interval of heartbeats, unless the broker asks for a shorter one. After twice this time without a "
         "sign of life the connection is closed and made anew.",
     .store = set_number<&Config::rabbitmq, &RabbitConfig::heartbeat_s>},
};

}  // namespace

std::span<const Option> rabbitmq_options() {
  return rabbitmq_table;
}

}  // namespace sluice::config
