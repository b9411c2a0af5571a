#include "sinks/kafka/conf.hpp"

#include <array>
#include <charconv>
#include <string>

#include "config/secret_file.hpp"
#include "sinks/kafka/raii.hpp"

namespace sluice::sinks::kafka {

namespace {

using Property = std::pair<const char*, const char*>;

// What suits a pipeline better than librdkafka's own defaults. Properties of the file override these.
constexpr std::array defaults{
    Property{"client.id", "sluice"},
    Property{"partitioner", "murmur2_random"},  // Java's, so that all producers agree on a key's partition
    Property{"allow.auto.create.topics", "false"},
    Property{"topic.metadata.propagation.max.ms", "10000"},
    Property{"topic.metadata.refresh.interval.ms", "60000"},
    Property{"reconnect.backoff.max.ms", "1000"},
    Property{"socket.keepalive.enable", "true"},
    Property{"socket.nagle.disable", "true"},
    Property{"message.max.bytes", "67108864"},      // the topic's own limit decides
    Property{"queue.buffering.max.messages", "0"},  // lanes limit what is in flight
};

// What the guarantees need. Properties of the file cannot change it.
constexpr std::array fixed{
    Property{"enable.idempotence", "true"},
    Property{"acks", "all"},
    Property{"max.in.flight.requests.per.connection", "5"},
};

// Without transactions. A transaction as a whole fails instead, and its messages expire with it.
constexpr std::array fixed_without_transactions{
    Property{"enable.gapless.guarantee", "true"},
    Property{"message.timeout.ms", "0"},  // messages do not expire: the lane decides how long to wait
};

// For so long the open transaction of a worker that died holds up consumers.
constexpr const char* transaction_timeout = "10000";

constexpr std::array of_readers{
    Property{"enable.partition.eof", "true"},
    Property{"fetch.wait.max.ms", "20"},
};

/// Sets properties and remembers the first error.
class Setter {
 public:
  void set(const std::string& name, const std::string& value) {
    if (error_) return;
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(conf_.get(), name.c_str(), value.c_str(), why.data(), why.size()) ==
        RD_KAFKA_CONF_OK)
      return;
    error_ = Error{ErrorKind::fatal, 0, "Kafka's property '" + name + "' cannot be set: " + why.data()};
  }
  void set_unless_empty(const char* name, const std::string& value) {
    if (!value.empty()) set(name, value);
  }
  std::variant<Conf, Error> finish() {
    if (error_) return std::move(*error_);
    return std::move(conf_);
  }
  rd_kafka_conf_t* get() { return conf_.get(); }

 private:
  Conf conf_{rd_kafka_conf_new()};
  std::optional<Error> error_;
};

void log_nothing(const rd_kafka_t*, int, const char*, const char*) {}

void set_login(Setter& conf, const KafkaConfig& config) {
  const bool tls = !config.ca_file.empty() || !config.cert_file.empty();
  const bool sasl = !config.user.empty();
  conf.set("security.protocol", sasl ? (tls ? "sasl_ssl" : "sasl_plaintext") : (tls ? "ssl" : "plaintext"));
  conf.set_unless_empty("ssl.ca.location", config.ca_file);
  conf.set_unless_empty("ssl.certificate.location", config.cert_file);
  conf.set_unless_empty("ssl.key.location", config.key_file);
  if (!sasl) return;
  conf.set("sasl.mechanisms", config.mechanism);
  conf.set("sasl.username", config.user);
  conf.set("sasl.password",
           config.password_file.empty() ? config.password : config::secret_in(config.password_file, "Kafka"));
}

void set_client(Setter& conf, const KafkaConfig& config) {
  for (const auto& [name, value] : defaults) conf.set(name, value);
  conf.set("bootstrap.servers", config.brokers);
  set_login(conf, config);
  for (const auto& [name, value] : config.properties) conf.set(name, value);
  // Errors come as events. Without `debug` the log adds nothing to them.
  if (!config.properties.contains("debug")) rd_kafka_conf_set_log_cb(conf.get(), log_nothing);
}

template <typename Fill>
std::variant<Conf, Error> filled(Fill fill) {
  Setter conf;
  try {
    fill(conf);
  } catch (const ConfigError& error) {
    return Error{ErrorKind::fatal, 0, error.what()};  // the password's file
  }
  return conf.finish();
}

}  // namespace

std::variant<Conf, Error> client_conf(const KafkaConfig& config) {
  return filled([&](Setter& conf) { set_client(conf, config); });
}

std::variant<Conf, Error> reader_conf(const KafkaConfig& config) {
  return filled([&](Setter& conf) {
    set_client(conf, config);
    for (const auto& [name, value] : of_readers) conf.set(name, value);
  });
}

std::variant<Conf, Error> producer_conf(const KafkaConfig& config, const Batching& batching,
                                        const std::string& transactional_id) {
  return filled([&](Setter& conf) {
    set_client(conf, config);
    for (const auto& [name, value] : fixed) conf.set(name, value);
    if (transactional_id.empty()) {
      for (const auto& [name, value] : fixed_without_transactions) conf.set(name, value);
    } else {
      conf.set("transactional.id", transactional_id);
      if (!config.properties.contains("transaction.timeout.ms"))
        conf.set("transaction.timeout.ms", transaction_timeout);
    }
    if (batching.one_by_one) conf.set("batch.num.messages", "1");
    if (batching.most_bytes > 0) conf.set("batch.size", std::to_string(batching.most_bytes));
    rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  });
}

std::size_t batch_bytes(const KafkaConfig& config) {
  std::size_t bytes = 1'000'000;
  const auto stated = config.properties.find("batch.size");
  if (stated == config.properties.end()) return bytes;
  std::from_chars(stated->second.data(), stated->second.data() + stated->second.size(), bytes);
  return bytes;
}

}  // namespace sluice::sinks::kafka
