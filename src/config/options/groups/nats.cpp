#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

/// The servers, and users with a password or a token.
constexpr Option nats_login_table[] = {
    {.group = "NATS",
     .name = "nats-url",
     .env = "NATS_URL",
     .path = "nats.url",
     .type = OptionType::nats_urls,
     .fallback = "nats://127.0.0.1:4222",
     .help = "NATS servers to publish to, separated by commas.",
     .store = set_text<&Config::nats, &NatsConfig::url>},
    {.group = "NATS",
     .name = "nats-user",
     .env = "NATS_USER",
     .path = "nats.user",
     .type = OptionType::text,
     .help = "User name for NATS.",
     .store = set_text<&Config::nats, &NatsConfig::user>},
    {.group = "NATS",
     .name = "nats-password",
     .env = "NATS_PASSWORD",
     .path = "nats.password",
     .type = OptionType::secret,
     .help = "Password of the NATS user. A password file is safer.",
     .store = set_text<&Config::nats, &NatsConfig::password>},
    {.group = "NATS",
     .name = "nats-password-file",
     .env = "NATS_PASSWORD_FILE",
     .path = "nats.password_file",
     .type = OptionType::file,
     .help = "File that contains the password.",
     .store = set_text<&Config::nats, &NatsConfig::password_file>},
    {.group = "NATS",
     .name = "nats-token",
     .env = "NATS_TOKEN",
     .path = "nats.token",
     .type = OptionType::secret,
     .help = "Authentication token for NATS. A token file is safer.",
     .store = set_text<&Config::nats, &NatsConfig::token>},
    {.group = "NATS",
     .name = "nats-token-file",
     .env = "NATS_TOKEN_FILE",
     .path = "nats.token_file",
     .type = OptionType::file,
     .help = "File that contains the token.",
     .store = set_text<&Config::nats, &NatsConfig::token_file>},
};

/// Users with keys.
constexpr Option nats_key_table[] = {
    {.group = "NATS",
     .name = "nats-creds-file",
     .env = "NATS_CREDS_FILE",
     .path = "nats.creds_file",
     .type = OptionType::file,
     .help = "Credentials file with the user's JWT and seed.",
     .store = set_text<&Config::nats, &NatsConfig::creds_file>},
    {.group = "NATS",
     .name = "nats-nkey",
     .env = "NATS_NKEY",
     .path = "nats.nkey",
     .type = OptionType::text,
     .help = "Public NKey to authenticate with.",
     .store = set_text<&Config::nats, &NatsConfig::nkey>},
    {.group = "NATS",
     .name = "nats-nkey-file",
     .env = "NATS_NKEY_FILE",
     .path = "nats.nkey_file",
     .type = OptionType::file,
     .help = "File that contains the seed of the NKey.",
     .store = set_text<&Config::nats, &NatsConfig::nkey_file>},
};

/// TLS.
constexpr Option nats_tls_table[] = {
    {.group = "NATS",
     .name = "nats-ca-file",
     .env = "NATS_CA_FILE",
     .path = "nats.ca_file",
     .type = OptionType::file,
     .help = "CA certificates to verify the NATS servers with. Turns TLS on.",
     .store = set_text<&Config::nats, &NatsConfig::ca_file>},
    {.group = "NATS",
     .name = "nats-cert-file",
     .env = "NATS_CERT_FILE",
     .path = "nats.cert_file",
     .type = OptionType::file,
     .help = "Client certificate, for servers that require one.",
     .store = set_text<&Config::nats, &NatsConfig::cert_file>},
    {.group = "NATS",
     .name = "nats-key-file",
     .env = "NATS_KEY_FILE",
     .path = "nats.key_file",
     .type = OptionType::file,
     .help = "Private key of the client certificate.",
     .store = set_text<&Config::nats, &NatsConfig::key_file>},
};

/// Publishing.
constexpr Option nats_publish_table[] = {
    {.group = "NATS",
     .name = "nats-ack-ms",
     .env = "SLUICE_NATS_ACK_MS",
     .path = "nats.ack_ms",
     .type = OptionType::whole,
     .unit = "ms",
     .fallback = "5000",
     .least = 100,
     .most = 600'000,
     .help = "How long to wait for the acknowledgement of a message before it is sent again.",
     .store = set_number<&Config::nats, &NatsConfig::ack_ms>},
};

}  // namespace

std::span<const Option> nats_login_options() {
  return nats_login_table;
}

std::span<const Option> nats_key_options() {
  return nats_key_table;
}

std::span<const Option> nats_tls_options() {
  return nats_tls_table;
}

std::span<const Option> nats_publish_options() {
  return nats_publish_table;
}

}  // namespace sluice::config
