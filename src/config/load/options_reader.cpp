#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>

#include "config/addresses/amqp_url.hpp"
#include "config/addresses/redis_url.hpp"
#include "config/feed_check.hpp"
#include "config/kafka/properties.hpp"
#include "config/load/context.hpp"
#include "config/names.hpp"
#include "config/options/groups/groups.hpp"
#include "config/relay_check.hpp"

namespace sluice::config {
namespace {

/// Default lease in a cluster. With it, another instance takes over within ten seconds.
constexpr int cluster_lease_ms = 6000;

bool belongs_to_stream(const Option& option) {
  return option.store == nullptr;
}

std::string listed_name(const Option& option) {
  return option.path.empty() ? fmt::format("--{}", option.name) : std::string(option.path);
}

/// Adds the section that an unknown top-level key belongs to, such as `log` for `format: json`.
void add_section(Problem& problem) {
  for (const auto& option : options()) {
    const std::size_t dot = option.path.find('.');
    if (dot == std::string_view::npos) continue;
    const std::string_view key = option.path.substr(dot + 1);
    const std::string unknown = fmt::format("unknown key '{}'", key);
    if (!problem.message.starts_with(unknown)) continue;
    problem.message = fmt::format("{}; it belongs in '{}' (is this line indented too little?)", unknown,
                                  option.path.substr(0, dot));
    return;
  }
}

class OptionsReader {
 public:
  explicit OptionsReader(LoadContext& context) : context_(context) {}

  void read() {
    context_.attempt([&] { check_keys(); });
    context_.attempt([&] { read_pipeline(); });
    // First all, because a bad value of one source hides the others' values.
    for (const auto& option : options()) context_.attempt([&] { context_.sources.know(option); });
    for (const auto& option : options()) {
      if (!belongs_to_stream(option)) context_.attempt([&] { read_option(option); });
    }
    context_.attempt([&] { read_kafka_properties(); });
    check_pairs();
  }

 private:
  /// Checks options that depend on each other. Skipped if one of them could not be read, which is reported
  /// already.
  void check_pairs() {
    const bool all_read = std::ranges::all_of(
        options(), [&](const Option& one) { return belongs_to_stream(one) || origins_.contains(one.name); });
    if (!all_read) return;
    check_sections({"shard"}, &OptionsReader::check_shard);
    check_sections({"nats"}, &OptionsReader::check_nats);
    check_sections({"redis"}, &OptionsReader::check_redis);
    check_sections({"kafka"}, &OptionsReader::check_kafka);
    check_sections({"rabbitmq"}, &OptionsReader::check_rabbitmq);
    check_sections({"aws"}, &OptionsReader::check_aws);
    check_sections({"cluster", "shard"}, &OptionsReader::check_cluster);
    check_sections({"relay", "relay.jetstream", "relay.kafka", "cluster", "shard"},
                   &OptionsReader::check_relay);
  }

  /// A misspelt key, or a misspelt section, is reported alone: it is the reason for what seems to be missing.
  void check_sections(std::initializer_list<std::string_view> sections, void (OptionsReader::*check)()) {
    const bool misspelt =
        std::ranges::any_of(context_.problems,
                            [](const Problem& one) { return one.message.starts_with("unknown key"); }) ||
        std::ranges::any_of(sections, [&](std::string_view one) { return has_unknown_keys(one); });
    if (!misspelt) context_.attempt([&] { (this->*check)(); });
  }

  /// Runs first, because a misspelt section is the most likely reason for anything that seems to be missing.
  void check_keys() {
    const Settings& file = context_.sources.file();
    for (const std::string_view key : {"pipeline", "rules", "streams"}) file.has(key);
    for (const auto& option : options()) {
      if (!option.path.empty()) file.has(option.path.substr(0, option.path.find('.')));
    }
    try {
      file.done();
    } catch (const PlacedError& error) {
      Problems problems = error.problems();
      for (Problem& problem : problems) add_section(problem);
      throw PlacedError(std::move(problems));
    }
  }

  void read_pipeline() {
    const Settings& file = context_.sources.file();
    context_.config().pipeline = file.text("pipeline");
    if (const std::string why = why_no_name(context_.config().pipeline); !why.empty())
      file.fail("pipeline", why);
    context_.list("pipeline", context_.config().pipeline, {Origin::Kind::file, file.place("pipeline")});
  }

  void read_option(const Option& option) {
    Sourced sourced = context_.sources.effective(option);
    if (option.name == "lease-ms" && sourced.origin.kind == Origin::Kind::fallback &&
        context_.config().clustered()) {
      sourced.value = {std::to_string(cluster_lease_ms), cluster_lease_ms};
    }
    option.store(context_.config(), sourced.value);
    origins_.emplace(option.name, sourced.origin);
    if (sourced.value.text.empty()) return;  // not set, and without a default
    context_.list(listed_name(option), shown_value(option, sourced.value.text), sourced.origin);
  }

  /// Reads `kafka.properties`, and checks each property against librdkafka.
  void read_kafka_properties() {
    const Settings* kafka = context_.sources.section("kafka");
    if (kafka == nullptr || !kafka->has("properties")) return;
    const Settings properties = kafka->section("properties");
    for (const std::string& name : properties.keys()) {
      context_.attempt([&] {
        const std::string value = properties.scalar(name);
        if (const std::string why = why_no_kafka_property(name, value); !why.empty())
          properties.fail(name, why);
        context_.config().kafka.properties[name] = value;
        context_.list(fmt::format("kafka.properties.{}", name),
                      is_secret_kafka_property(name) ? "***" : value,
                      {Origin::Kind::file, properties.place(name)});
      });
    }
  }

  /// Fails if option `one` is set without the option `other` that it needs.
  void check_pair(std::string_view one, const std::string& value, std::string_view other,
                  const std::string& needed) {
    if (value.empty() || !needed.empty()) return;
    origins_.at(one).fail(fmt::format("--{} requires --{}", one, other));
  }

  void check_nats() {
    const NatsConfig& nats = context_.config().nats;
    check_pair("nats-password", nats.password, "nats-user", nats.user);
    check_pair("nats-password-file", nats.password_file, "nats-user", nats.user);
    check_pair("nats-nkey", nats.nkey, "nats-nkey-file", nats.nkey_file);
    check_pair("nats-nkey-file", nats.nkey_file, "nats-nkey", nats.nkey);
    check_pair("nats-cert-file", nats.cert_file, "nats-key-file", nats.key_file);
    check_pair("nats-key-file", nats.key_file, "nats-cert-file", nats.cert_file);
  }

  void check_redis() {
    const RedisConfig& redis = context_.config().redis;
    if (redis.password_file.empty() || redis_place(redis.url).password.empty()) return;
    origins_.at("redis-password-file")
        .fail(fmt::format("the password is set both here and in {}; set only one of them",
                          origins_.at("redis-url").prefix()));
  }

  void check_kafka() {
    const KafkaConfig& kafka = context_.config().kafka;
    check_pair("kafka-password", kafka.password, "kafka-user", kafka.user);
    check_pair("kafka-password-file", kafka.password_file, "kafka-user", kafka.user);
    check_pair("kafka-cert-file", kafka.cert_file, "kafka-key-file", kafka.key_file);
    check_pair("kafka-key-file", kafka.key_file, "kafka-cert-file", kafka.cert_file);
    constexpr std::string_view of_topics =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const bool is_topic = !kafka.positions.empty() && kafka.positions.size() <= 249 &&
                          kafka.positions.find_first_not_of(of_topics) == std::string::npos;
    if (!is_topic) {
      origins_.at("kafka-positions")
          .fail("the name of a Kafka topic has 1 to 249 letters, digits, '.', '_' and '-'");
    }
    if (kafka.password.empty() || kafka.password_file.empty()) return;
    origins_.at("kafka-password-file")
        .fail(fmt::format("the password is set both here and in {}; set only one of them",
                          origins_.at("kafka-password").prefix()));
  }

  void check_rabbitmq() {
    const RabbitConfig& rabbitmq = context_.config().rabbitmq;
    check_pair("rabbitmq-cert-file", rabbitmq.cert_file, "rabbitmq-key-file", rabbitmq.key_file);
    check_pair("rabbitmq-key-file", rabbitmq.key_file, "rabbitmq-cert-file", rabbitmq.cert_file);
    const bool given = origins_.at("rabbitmq-url").kind != Origin::Kind::fallback;
    const AmqpPlace place = amqp_place(rabbitmq.url);
    for (const auto& [name, file] : {std::pair("rabbitmq-ca-file", rabbitmq.ca_file),
                                     std::pair("rabbitmq-cert-file", rabbitmq.cert_file)}) {
      if (!file.empty() && !place.tls)
        origins_.at(name).fail("a TLS file is for a URL that begins with amqps://");
    }
    if (rabbitmq.password_file.empty() || !given || !place.has_password) return;
    origins_.at("rabbitmq-password-file")
        .fail(fmt::format("the password is set both here and in {}; set only one of them",
                          origins_.at("rabbitmq-url").prefix()));
  }

  void check_aws() {
    const AwsConfig& aws = context_.config().aws;
    if (aws.region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
      origins_.at("aws-region").fail("'" + aws.region + "' is not a region; write one such as eu-central-1");
    if (!aws.container_path.empty() && !aws.container_path.starts_with('/'))
      origins_.at("aws-container-path").fail("the path must begin with /");
  }

  void check_shard() {
    const int count = context_.config().shard_count;
    const int index = context_.config().shard_index;
    if (index < count) return;
    origins_.at("shard-index")
        .fail(fmt::format("the shard index {} must be less than the shard count {} ({}); allowed: 0 to {}",
                          index, count, origins_.at("shard-count").shown(), count - 1));
  }

  void check_feed() {
    const Config& config = context_.config();
    const auto refuse = [&](std::string_view option, const std::string& why) {
      if (!why.empty()) origins_.at(option).fail(why);
    };
    refuse("feed-port", why_no_feed(config));
    refuse("feed-host", why_no_feed_host(config.feed));
    refuse("feed-address", why_no_feed_address(config.feed));
  }

  void check_cluster() {
    check_feed();
    if (!context_.config().clustered()) return;
    if (context_.config().shard_count > 1) {
      origins_.at("partitions")
          .fail(fmt::format(
              "cluster partitions ({}) cannot be combined with shards ({}, {}); set only one of them",
              context_.config().partitions, context_.config().shard_count,
              origins_.at("shard-count").shown()));
    }
  }

  void check_relay() {
    const Config& config = context_.config();
    if (!config.relay) return check_no_relay();
    const auto refuse = [&](std::string_view option, const std::string& why) {
      if (!why.empty()) origins_.at(option).fail(why);
    };
    refuse("relay-stream", why_no_relay_stream(config.relay.stream));
    refuse("relay-topic", why_no_relay_topic(config.relay.topic));
    refuse("relay-topic", why_no_relay_of_both(config.relay.stream, config.relay.topic));
    refuse("relay-group", why_no_relay_group(config.relay));
    refuse("relay-partitions", why_no_relay_partitions(config.relay, config.partitions, config.shard_count));
  }

  /// Without a name everything else about the relay would be without effect.
  void check_no_relay() {
    for (const Option& one : relay_options()) {
      const Origin& origin = origins_.at(one.name);
      if (origin.kind == Origin::Kind::fallback) continue;
      origin.fail(fmt::format("{} (or --relay-stream or --relay-topic)", no_relay_log));
    }
    const Settings& file = context_.sources.file();
    const std::vector<std::string> keys = file.keys();
    if (std::ranges::find(keys, "relay") == keys.end()) return;
    file.fail("relay", std::string(no_relay_log));
  }

  /// They are reported when everything has been read.
  bool has_unknown_keys(std::string_view section) {
    const Settings* found = context_.sources.section(section);
    if (found == nullptr) return false;
    try {
      found->done();
      return false;
    } catch (const ConfigError&) {
      return true;
    }
  }

  LoadContext& context_;
  std::map<std::string_view, Origin> origins_;
};

}  // namespace

void read_options(LoadContext& context) {
  OptionsReader(context).read();
}

}  // namespace sluice::config
