#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/settings.hpp"

namespace sluice {

/// A rule as the file states it: its kind is the key its settings stand under (`embed:`, `count:`, `tally:`).
/// What the settings mean is known to the rule alone (src/rules).
struct RuleConfig {
  std::string name;
  std::string kind;
  Settings settings;
  /// Collections that no pattern of its `from` matches: Sluice's own, in the database that it reads.
  std::vector<std::string> hidden = {};
};

/// A collection in which another program keeps resume tokens, one document each: {value: "<its _data>"}.
struct TokenCollection {
  std::string database;
  std::string collection;
  bool capped = false;  ///< the newest is the one inserted last; otherwise the one with the highest _id
};

/// One change stream: a database of a cluster, and the rules that read it.
/// Publishing rules wait for their server, and rules that maintain documents must not wait with them: where a
/// stream has both, each of the two groups runs in a stream of its own.
struct StreamSplit {
  std::string maintaining;         ///< the name of the one stream
  std::string publishing;          ///< and that of the other
  std::vector<RuleConfig> stated;  ///< the rules of both, in the order of the file
};

struct StreamConfig {
  std::string name;
  std::string uri;  ///< empty where `uri_file` says it
  std::string database;
  std::vector<RuleConfig> rules;
  std::string uri_file = {};  ///< a file that holds the URI, and may be replaced while the worker runs
  /// Where the very first start begins: at the oldest of the newest tokens. Without any, at the present
  /// moment.
  std::vector<TokenCollection> resume_tokens = {};
  /// Collections of the database that hold Sluice's own state. No pattern matches them.
  std::vector<std::string> hidden = {};
  /// Its rules are the triggers of another stream, out of the state database.
  bool of_triggers = false;
  /// Set on both streams that were made of one.
  std::optional<StreamSplit> split = {};
};

/// The engine's limits. Every queue, batch and retry has one; README and `sluice run --help` list the
/// defaults.
struct EngineConfig {
  int workers = 1;                     ///< threads that run the strands (one strand a stream)
  int lanes = 4;                       ///< lanes a stream
  int batch_docs = 1000;               ///< target documents in one transaction
  std::int64_t batch_bytes = 4 << 20;  ///< bytes of effects in one transaction
  int batch_linger_ms = 5;             ///< how long a lane waits for a batch to fill
  std::int64_t queue_events = 50000;   ///< events read and not yet resolved
  std::int64_t queue_mb = 64;          ///< the same in MiB
  int in_flight = 4;                   ///< batches under way at once: blocking driver threads
  int max_await_ms = 500;              ///< how long the server holds an empty getMore
  int cursor_batch = 5000;             ///< events asked for in one getMore
  int lease_ms = 10000;                ///< how long a shard's lease lives without renewal
  int drain_ms = 5000;                 ///< how long a stop lets work in flight end; all of it: 2 s more
  int statement_ms = 5000;             ///< a write statement that runs longer is taken apart
  int stall_ms = 30000;                ///< work that waits longer without any progress is a stall
};

/// Where NATS is, and who we are there. Of each secret only one of its forms is stated.
struct NatsConfig {
  std::string url = "nats://127.0.0.1:4222";  ///< several with commas between them
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
  int ack_ms = 5000;  ///< how long a message's acknowledgement is waited for

  /// Without the secrets that it may hold.
  std::string shown_url() const;
};

/// Where Redis is, and who we are there.
struct RedisConfig {
  std::string url = "redis://127.0.0.1:6379/0";
  std::string password_file;  ///< where the URL does not hold the password
  int timeout_ms = 2000;      ///< for a connection, and for each time that the server says nothing

  /// Without the password that it may hold.
  std::string shown_url() const;
};

enum class IndexPolicy { warn, create };
/// What to do when a stream's position is lost: its history is gone, the token is refused, the rules are not
/// those it was made with, or a watched collection was dropped or renamed.
enum class LostPolicy {
  fail,         ///< stop and say so
  restart_now,  ///< go on from the present moment; what was missed stays missed
  rebuild,      ///< compute all targets afresh, then go on
};
enum class LogFormat { text, json };
/// What /healthz says.
enum class HealthForm {
  alive,       ///< that the process answers
  components,  ///< the same, and whether MongoDB, NATS and Redis can be reached
};

/// The whole configuration, validated. Immutable once the program runs.
struct Config {
  std::string pipeline;
  std::string state_database = "sluice";
  int shard_count = 1;
  int shard_index = 0;
  int partitions = 0;  ///< of a cluster; 0: this worker is one of the static shards
  IndexPolicy indexes = IndexPolicy::warn;
  EngineConfig engine;
  std::string http_host = "127.0.0.1";
  int http_port = 0;  ///< 0: no HTTP server
  HealthForm health = HealthForm::alive;
  std::string log_level = "info";
  LogFormat log_format = LogFormat::text;
  NatsConfig nats;
  RedisConfig redis;
  bool backfill = false;  ///< a first start fills the targets from what stands in the sources
  LostPolicy on_lost = LostPolicy::fail;
  bool restart_now = false;
  bool accept_changed_rules = false;
  std::vector<StreamConfig> streams;
  /// The configuration file and the flags that say where things are, quoted for a shell: for the commands
  /// that messages name.
  std::string place_arguments = "FILE";

  bool clustered() const { return partitions > 0; }
  /// Into how many parts each stream is divided, be they static shards or a cluster's partitions.
  int parts() const { return clustered() ? partitions : shard_count; }
};

}  // namespace sluice
