#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/settings.hpp"

namespace sluice {

class Extensions;
struct RegisteredHandler;

/// A rule as the file states it. Its kind is the key that its settings are under (`embed:`, `count:`, ...).
/// The settings are checked when the rule is made.
struct RuleConfig {
  std::string name;
  std::string kind;
  Settings settings;
  /// Collections that patterns in `from` never match: those of the library in the rule's database.
  std::vector<std::string> hidden = {};
  /// Kinds of rules beside the built-in ones; may be null.
  std::shared_ptr<const Extensions> extensions = {};
  /// The rule is a handler that a program registered (Pipeline::on); no file can state one.
  std::shared_ptr<RegisteredHandler> handler = {};
};

/// A collection in which another program stores resume tokens, as documents {value: "<the token's _data>"}.
struct TokenCollection {
  std::string database;
  std::string collection;
  bool capped = false;  ///< the newest token is the one inserted last; otherwise the one with the highest _id
};

/// How a stream of the file was split in two. The publishing rules wait while their server is away, and rules
/// that maintain documents must not wait with them.
struct StreamSplit {
  std::string maintaining;         ///< the name of the stream with the rules that maintain documents
  std::string publishing;          ///< the name of the stream with the publishing rules
  std::vector<RuleConfig> stated;  ///< the rules of both, in the order of the file
};

/// One change stream: a database of a cluster, and the rules that read it.
struct StreamConfig {
  std::string name;
  std::string uri;  ///< empty if `uri_file` is set
  std::string database;
  std::vector<RuleConfig> rules = {};
  std::string uri_file = {};  ///< a file that contains the URI, and may be replaced while the worker runs
  /// Where the first start begins: at the oldest of these collections' newest tokens. Empty: at the present
  /// moment.
  std::vector<TokenCollection> resume_tokens = {};
  /// Collections of the database that contain the library's state. No pattern matches them.
  std::vector<std::string> hidden = {};
  /// Its rules are the triggers of another stream, from the state database.
  bool of_triggers = false;
  /// Set on both parts of a stream that was split.
  std::optional<StreamSplit> split = {};
};

/// Limits. Every queue, batch and retry has one. docs/options.md explains each.
struct EngineConfig {
  int workers = 1;                     ///< threads that run the strands, of which each stream has one
  int lanes = 4;                       ///< lanes of each stream
  int batch_docs = 1000;               ///< target documents in one transaction
  std::int64_t batch_bytes = 4 << 20;  ///< bytes of effects in one transaction
  int batch_linger_ms = 25;            ///< how long a busy lane waits for a batch to fill
  std::int64_t queue_events = 50000;   ///< most events that are read and not yet resolved
  std::int64_t queue_mb = 64;          ///< most memory of all streams for what is not yet resolved, in MiB
  int in_flight = 4;                   ///< batches being sent at once, each on a blocking thread
  int max_await_ms = 500;              ///< how long the server waits for an event before it answers a getMore
  int cursor_batch = 5000;             ///< events asked for in one getMore
  int lease_ms = 10000;                ///< how long a lease is valid without renewal
  int drain_ms = 5000;      ///< how long a stop waits for work in flight; it takes 2 s more at most
  int statement_ms = 5000;  ///< a write statement that takes longer is divided
  int stall_ms = 30000;     ///< work without progress for longer is reported as a stall
};

/// How to connect to NATS. Each secret is given in one of its forms.
struct NatsConfig {
  std::string url = "nats://127.0.0.1:4222";  ///< or several, separated by commas
  std::string user;
  std::string password;
  std::string password_file;
  std::string token;
  std::string token_file;
  std::string creds_file;  ///< JWT and seed, as `nsc` writes them
  std::string nkey;        ///< the public key that belongs to the seed
  std::string nkey_file;   ///< the seed
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  int ack_ms = 5000;  ///< how long to wait for the acknowledgement of a message

  /// The URL without secrets.
  std::string shown_url() const;
};

/// A JetStream stream or a Kafka topic between the change stream and the workers (docs/relay.md). NatsConfig
/// or KafkaConfig says where it is. Without a name of either, workers read the change stream themselves.
struct RelayConfig {
  std::string stream;  ///< the JetStream stream's name
  std::string topic;   ///< the Kafka topic's name, unless there is a stream
  /// The consumer group in Kafka that assigns partitions to the members of a cluster. "": named as the topic.
  std::string group = {};
  int partitions = 16;
  int max_age_h = 72;  ///< how long it keeps events; 0: for ever
  /// How much it holds: a stream then takes no more, a topic drops its oldest events. 0: as much as the
  /// server allows.
  std::int64_t max_mb = 0;
  std::int64_t replicas = 1;

  explicit operator bool() const { return !stream.empty() || !topic.empty(); }
};

/// Where an instance of a cluster offers the answers of its change stream to the others.
struct FeedConfig {
  int port = 0;  ///< 0: it reads by itself
  std::string host = "0.0.0.0";
  std::string address;  ///< the host that others connect to; "": `host`, or this machine's name

  explicit operator bool() const { return port != 0; }
};

/// How to connect to Redis.
struct RedisConfig {
  std::string url = "redis://127.0.0.1:6379/0";
  std::string password_file;  ///< unless the URL contains the password
  int timeout_ms = 2000;      ///< for connecting, and for each time that the server is silent

  /// The URL without the password.
  std::string shown_url() const;
};

/// How to connect to Kafka.
struct KafkaConfig {
  std::string brokers = "127.0.0.1:9092";  ///< or several, separated by commas
  std::string user;                        ///< turns SASL on
  std::string password;
  std::string password_file;  ///< unless `password` is set
  std::string mechanism = "SCRAM-SHA-512";
  std::string ca_file;  ///< turns TLS on, as do the next two
  std::string cert_file;
  std::string key_file;
  int ack_ms = 5000;  ///< without an acknowledgement for longer, the brokers are reported as down
  /// A lane's messages and its position are written in one transaction of Kafka.
  bool exactly_once = false;
  /// With exactly_once: the compacted topic of the lanes' positions. It is also the prefix of the
  /// transactional ids, so deployments with pipelines of the same name need topics of their own.
  std::string positions = "sluice.positions";
  /// Properties of librdkafka, by their names. They override what Sluice sets, except for what its guarantees
  /// need, which cannot be set.
  std::map<std::string, std::string> properties;

  /// The brokers, as logs and metrics name them.
  std::string shown_url() const { return "kafka://" + brokers; }
};

/// How to connect to RabbitMQ.
struct RabbitConfig {
  std::string url = "amqp://guest:guest@127.0.0.1:5672/";
  std::string password_file;  ///< unless the URL contains the password
  std::string ca_file;        ///< empty: the system's certificate authorities
  std::string cert_file;
  std::string key_file;
  int ack_ms = 5000;  ///< without a confirmation for longer, the broker is reported as down
  int heartbeat_s = 10;

  /// The URL without the password.
  std::string shown_url() const;
};

/// How to reach the services of AWS. Without an access key here, the shared credentials file is read, and
/// then the metadata service of the container or instance is asked.
struct AwsConfig {
  std::string region;
  std::string endpoint;  ///< empty: those of the region. Otherwise a server that imitates AWS
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;     ///< of temporary credentials
  std::string credentials_file;  ///< empty: ~/.aws/credentials
  std::string profile = "default";
  std::string container_url;         ///< where a container gets its credentials
  std::string container_path;        ///< the same, on the host of ECS
  std::string container_token;       ///< sent as Authorization
  std::string container_token_file;  ///< the same, read each time
  bool metadata_disabled = false;    ///< the instance's metadata service is not asked
  std::string metadata_endpoint = "http://169.254.169.254";
  int timeout_ms = 5000;  ///< for each request
};

/// Whether a worker creates missing indexes that rules need, or only warns.
enum class IndexPolicy { warn, create };
/// What to do when a stream's position is lost: its history is gone, the server refuses the token, the rules
/// are not those that it was stored with, or a watched collection was dropped or renamed.
enum class LostPolicy {
  fail,         ///< stop and report it
  restart_now,  ///< continue from the present moment; missed changes are not made up for
  rebuild,      ///< compute all targets afresh, then continue
};
enum class LogFormat { text, json };
/// What /healthz answers.
enum class HealthForm {
  alive,       ///< that the process is alive
  components,  ///< also whether MongoDB, NATS, Kafka, RabbitMQ, AWS and Redis can be reached
};

/// The whole configuration, validated except for the settings of rules. Does not change while it is in use.
struct Config {
  std::string pipeline;
  std::string state_database = "sluice";
  int shard_count = 1;
  int shard_index = 0;
  int partitions = 0;  ///< of the cluster that this worker is a member of; 0: it is a static shard
  FeedConfig feed;     ///< of a cluster
  IndexPolicy indexes = IndexPolicy::warn;
  EngineConfig engine;
  std::string http_host = "127.0.0.1";
  int http_port = 0;  ///< 0: no HTTP server
  HealthForm health = HealthForm::alive;
  std::string log_level = "info";
  LogFormat log_format = LogFormat::text;
  NatsConfig nats;
  RelayConfig relay;
  RedisConfig redis;
  KafkaConfig kafka;
  RabbitConfig rabbitmq;
  AwsConfig aws;
  bool backfill = false;  ///< the first start fills the targets from the existing source documents
  LostPolicy on_lost = LostPolicy::fail;
  bool restart_now = false;
  bool accept_changed_rules = false;
  std::vector<StreamConfig> streams;
  /// The configuration file and the flags that locate servers and databases, quoted for a shell. Messages
  /// that name commands use it.
  std::string place_arguments = "FILE";
  std::shared_ptr<const Extensions> extensions = {};  ///< may be null; see extend()

  bool clustered() const { return partitions > 0; }
  /// The number of static shards or of partitions.
  int parts() const { return clustered() ? partitions : shard_count; }
  /// The lanes of each part. The partitions of a cluster divide a stream's lanes among them.
  int lanes_of_part() const { return clustered() ? std::max(1, engine.lanes / partitions) : engine.lanes; }
};

/// Adds extensions to a configuration: its rules may be of the kinds that are registered there. Null removes
/// them.
void extend(Config& config, std::shared_ptr<const Extensions> extensions);

/// Variables by their names.
using Environment = std::map<std::string, std::string, std::less<>>;

/// Reads a configuration file (README.md, docs/options.md). `environment` holds the environment variables to
/// use: their values replace `${NAME}` in the file, and some of them override options of the file. By default
/// there are none. Throws ConfigError, which lists all problems. The settings of rules are only checked by
/// Pipeline::run().
Config load_config(const std::string& file, const Environment& environment = {});

/// The same for a text. Messages use `name` as the name of the file.
Config parse_config(const std::string& yaml, const std::string& name = "<text>",
                    const Environment& environment = {});

}  // namespace sluice
