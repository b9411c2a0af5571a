#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

constexpr const char* kafka_mechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

void store_mechanism(Config& config, const OptionValue& value) {
  config.kafka.mechanism = value.text;
}

constexpr Option kafka_login_table[] = {
    {.group = "Kafka",
     .name = "kafka-brokers",
     .env = "KAFKA_BROKERS",
     .path = "kafka.brokers",
     .type = OptionType::kafka_brokers,
     .fallback = "127.0.0.1:9092",
     .help = "Kafka brokers to publish to, separated by commas. Some of a cluster's are enough.",
     .store = set_text<&Config::kafka, &KafkaConfig::brokers>},
    {.group = "Kafka",
     .name = "kafka-user",
     .env = "KAFKA_USER",
     .path = "kafka.user",
     .type = OptionType::text,
     .help = "User name for Kafka. Turns SASL on.",
     .store = set_text<&Config::kafka, &KafkaConfig::user>},
    {.group = "Kafka",
     .name = "kafka-password",
     .env = "KAFKA_PASSWORD",
     .path = "kafka.password",
     .type = OptionType::secret,
     .help = "Password of the Kafka user. A password file is safer.",
     .store = set_text<&Config::kafka, &KafkaConfig::password>},
    {.group = "Kafka",
     .name = "kafka-password-file",
     .env = "KAFKA_PASSWORD_FILE",
     .path = "kafka.password_file",
     .type = OptionType::file,
     .help = "File that contains the password.",
     .store = set_text<&Config::kafka, &KafkaConfig::password_file>},
    {.group = "Kafka",
     .name = "kafka-mechanism",
     .env = "KAFKA_MECHANISM",
     .path = "kafka.mechanism",
     .type = OptionType::choice,
     .fallback = "SCRAM-SHA-512",
     .choices = kafka_mechanisms,
     .help = "SASL mechanism. PLAIN sends the password itself, so use it only with TLS.",
     .store = store_mechanism},
};

constexpr Option kafka_connection_table[] = {
    {.group = "Kafka",
     .name = "kafka-ca-file",
     .env = "KAFKA_CA_FILE",
     .path = "kafka.ca_file",
     .type = OptionType::file,
     .help = "CA certificates to verify the Kafka brokers with. Turns TLS on.",
     .store = set_text<&Config::kafka, &KafkaConfig::ca_file>},
    {.group = "Kafka",
     .name = "kafka-cert-file",
     .env = "KAFKA_CERT_FILE",
     .path = "kafka.cert_file",
     .type = OptionType::file,
     .help = "Client certificate, for brokers that require one. Turns TLS on.",
     .store = set_text<&Config::kafka, &KafkaConfig::cert_file>},
    {.group = "Kafka",
     .name = "kafka-key-file",
     .env = "KAFKA_KEY_FILE",
     .path = "kafka.key_file",
     .type = OptionType::file,
     .help = "Private key of the client certificate.",
     .store = set_text<&Config::kafka, &KafkaConfig::key_file>},
    {.group = "Kafka",
     .name = "kafka-ack-ms",
     .env = "SLUICE_KAFKA_ACK_MS",
     .path = "kafka.ack_ms",
     .type = OptionType::whole,
     .unit = "ms",
     .fallback = "5000",
     .least = 100,
     .most = 600'000,
     .help = "How long to wait for an acknowledgement before the brokers are reported as down. The messages "
             "stay with librdkafka, which goes on sending them.",
     .store = set_number<&Config::kafka, &KafkaConfig::ack_ms>},
    {.group = "Kafka",
     .name = "kafka-exactly-once",
     .env = "SLUICE_KAFKA_EXACTLY_ONCE",
     .path = "kafka.exactly_once",
     .type = OptionType::flag,
     .fallback = "false",
     .help = "Write each batch of messages and the lane's position in one transaction of Kafka, so that "
             "consumers with isolation.level=read_committed see each message once.",
     .store = set_flag<&Config::kafka, &KafkaConfig::exactly_once>},
    {.group = "Kafka",
     .name = "kafka-positions",
     .env = "SLUICE_KAFKA_POSITIONS",
     .path = "kafka.positions",
     .type = OptionType::text,
     .fallback = "sluice.positions",
     .help = "With kafka-exactly-once: the compacted topic that stores the lanes' positions. It is created "
             "if it is missing. Deployments with the same pipeline name must have different ones.",
     .store = set_text<&Config::kafka, &KafkaConfig::positions>},
};

}  // namespace

std::span<const Option> kafka_login_options() {
  return kafka_login_table;
}

std::span<const Option> kafka_connection_options() {
  return kafka_connection_table;
}

}  // namespace sluice::config
