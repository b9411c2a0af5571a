#include "config/options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "config/mask.hpp"
#include "config/names.hpp"
#include "config/problems.hpp"
#include "config/redis_url.hpp"
#include "text/columns.hpp"

namespace sluice::config {
namespace {

using enum OptionType;

/// Shorthand for the table: stores a number in a member of the engine's limits.
template <auto Member>
void engine(Config& config, const OptionValue& value) {
  using Number = std::remove_reference_t<decltype(config.engine.*Member)>;
  config.engine.*Member = static_cast<Number>(value.number);
}

template <auto Member>
void number(Config& config, const OptionValue& value) {
  config.*Member = static_cast<int>(value.number);
}

template <auto Member>
void words(Config& config, const OptionValue& value) {
  config.*Member = value.text;
}

template <auto Member>
void yes(Config& config, const OptionValue& value) {
  config.*Member = value.number != 0;
}

template <auto Member>
void nats(Config& config, const OptionValue& value) {
  config.nats.*Member = value.text;
}

void nats_ack(Config& config, const OptionValue& value) {
  config.nats.ack_ms = static_cast<int>(value.number);
}

template <auto Member>
void redis(Config& config, const OptionValue& value) {
  config.redis.*Member = value.text;
}

void redis_timeout(Config& config, const OptionValue& value) {
  config.redis.timeout_ms = static_cast<int>(value.number);
}

void indexes(Config& config, const OptionValue& value) {
  config.indexes = value.text == "create" ? IndexPolicy::create : IndexPolicy::warn;
}

void on_lost(Config& config, const OptionValue& value) {
  config.on_lost = value.text == "rebuild"       ? LostPolicy::rebuild
                   : value.text == "restart-now" ? LostPolicy::restart_now
                                                 : LostPolicy::fail;
}

void on_changed_rules(Config& config, const OptionValue& value) {
  config.accept_changed_rules = value.text == "accept";
}

/// Listed behind on_changed_rules, which it overrides when given.
void accept_changed_rules(Config& config, const OptionValue& value) {
  config.accept_changed_rules |= value.number != 0;
}

void health(Config& config, const OptionValue& value) {
  config.health = value.text == "components" ? HealthForm::components : HealthForm::alive;
}

/// An IPv6 address may stand in brackets, as in a URL.
void http_host(Config& config, const OptionValue& value) {
  const std::string& text = value.text;
  const bool brackets = text.size() > 2 && text.starts_with('[') && text.ends_with(']');
  config.http_host = brackets ? text.substr(1, text.size() - 2) : text;
}

void log_format(Config& config, const OptionValue& value) {
  config.log_format = value.text == "json" ? LogFormat::json : LogFormat::text;
}

const std::vector<Option>& table() {
  using C = Config;
  using E = EngineConfig;
  using N = NatsConfig;
  using R = RedisConfig;
  static const std::vector<Option> options = {
      // group, flag, environment, path, type, unit, default, least, most, choices, help, store
      {"Where",
       "mongodb-uri",
       "MONGODB_URI",
       "mongodb.uri",
       uri,
       "",
       "mongodb://127.0.0.1:27017/?replicaSet=rs0",
       0,
       0,
       {},
       "Connection string of the replica set.",
       nullptr},
      {"Where",
       "mongodb-uri-file",
       "MONGODB_URI_FILE",
       "mongodb.uri_file",
       file,
       "",
       "",
       0,
       0,
       {},
       "File that holds the connection string instead; a changed file is taken up without a restart.",
       nullptr},
      {"Where",
       "database",
       "SLUICE_DATABASE",
       "mongodb.database",
       database,
       "",
       "",
       0,
       0,
       {},
       "Database whose changes are read.",
       nullptr},
      {"Where",
       "state-database",
       "SLUICE_STATE_DATABASE",
       "state.database",
       database,
       "",
       "sluice",
       0,
       0,
       {},
       "Database that holds positions, leases and dead letters.",
       words<&C::state_database>},
      {"Where",
       "indexes",
       "SLUICE_INDEXES",
       "indexes",
       choice,
       "",
       "warn",
       0,
       0,
       {"warn", "create"},
       "Whether an index that a rule's join needs is created, or only warned about.",
       indexes},

      {"Shard",
       "shard-count",
       "SHARD_COUNT",
       "shard.count",
       whole,
       "shards",
       "1",
       1,
       1024,
       {},
       "Shards that split the documents between them by the hash of their id.",
       number<&C::shard_count>},
      {"Shard",
       "shard-index",
       "SHARD_INDEX",
       "shard.index",
       whole,
       "index",
       "0",
       0,
       1023,
       {},
       "Which of the shards this worker is, counted from 0.",
       number<&C::shard_index>},

      {"Cluster",
       "partitions",
       "SLUICE_PARTITIONS",
       "cluster.partitions",
       whole,
       "partitions",
       "0",
       0,
       256,
       {},
       "Partitions that the running instances divide between them; 1 is a leader with standbys, 0 no "
       "cluster.",
       number<&C::partitions>},

      {"Engine",
       "workers",
       "SLUICE_WORKERS",
       "engine.workers",
       whole,
       "threads",
       "1",
       1,
       64,
       {},
       "Threads that run the streams' strands.",
       engine<&E::workers>},
      {"Engine",
       "lanes",
       "SLUICE_LANES",
       "engine.lanes",
       whole,
       "lanes",
       "4",
       1,
       256,
       {},
       "Lanes per stream; one target is always written by one lane.",
       engine<&E::lanes>},
      {"Engine",
       "in-flight",
       "SLUICE_IN_FLIGHT",
       "engine.in_flight",
       whole,
       "batches",
       "4",
       1,
       256,
       {},
       "Batches being written at once, each on a driver thread of its own.",
       engine<&E::in_flight>},
      {"Engine",
       "batch-docs",
       "SLUICE_BATCH_DOCS",
       "engine.batch_docs",
       whole,
       "documents",
       "1000",
       1,
       100'000,
       {},
       "Target documents written in one transaction at most.",
       engine<&E::batch_docs>},
      {"Engine",
       "batch-bytes",
       "SLUICE_BATCH_BYTES",
       "engine.batch_bytes",
       whole,
       "bytes",
       "4194304",
       1024,
       64 << 20,
       {},
       "Bytes of effects written in one transaction at most.",
       engine<&E::batch_bytes>},
      {"Engine",
       "batch-linger-ms",
       "SLUICE_BATCH_LINGER_MS",
       "engine.batch_linger_ms",
       whole,
       "ms",
       "5",
       0,
       60'000,
       {},
       "How long a lane waits for its batch to fill.",
       engine<&E::batch_linger_ms>},
      {"Engine",
       "queue-events",
       "SLUICE_QUEUE_EVENTS",
       "engine.queue_events",
       whole,
       "events",
       "50000",
       1,
       10'000'000,
       {},
       "Events read and not yet resolved; at the limit the cursor is not read.",
       engine<&E::queue_events>},
      {"Engine",
       "queue-mb",
       "SLUICE_QUEUE_MB",
       "engine.queue_mb",
       whole,
       "MiB",
       "64",
       1,
       65'536,
       {},
       "The same limit in memory, of each stream: events, what rules make of them, and what is being sent "
       "(which may take a quarter of it). One answer of the server, or one batch, that is larger than its "
       "share goes over the limit alone.",
       engine<&E::queue_mb>},
      {"Engine",
       "cursor-batch",
       "SLUICE_CURSOR_BATCH",
       "engine.cursor_batch",
       whole,
       "events",
       "5000",
       1,
       1'000'000,
       {},
       "Events asked of the server in one getMore.",
       engine<&E::cursor_batch>},
      {"Engine",
       "max-await-ms",
       "SLUICE_MAX_AWAIT_MS",
       "engine.max_await_ms",
       whole,
       "ms",
       "500",
       1,
       60'000,
       {},
       "How long the server holds a getMore when there is nothing to read.",
       engine<&E::max_await_ms>},
      {"Engine",
       "statement-ms",
       "SLUICE_STATEMENT_MS",
       "engine.statement_ms",
       whole,
       "ms",
       "5000",
       10,
       60'000,
       {},
       "A write statement that runs longer is taken apart into smaller ones.",
       engine<&E::statement_ms>},
      {"Engine",
       "lease-ms",
       "SLUICE_LEASE_MS",
       "engine.lease_ms",
       whole,
       "ms",
       "10000",
       100,
       3'600'000,
       {},
       "How long a lease lives without being renewed; 6000 in a cluster unless stated.",
       engine<&E::lease_ms>},
      {"Engine",
       "drain-ms",
       "SLUICE_DRAIN_MS",
       "engine.drain_ms",
       whole,
       "ms",
       "5000",
       0,
       600'000,
       {},
       "How long a stop lets the work in flight end. The whole stop takes 2 s more at most.",
       engine<&E::drain_ms>},
      {"Engine",
       "stall-ms",
       "SLUICE_STALL_MS",
       "engine.stall_ms",
       whole,
       "ms",
       "30000",
       1000,
       3'600'000,
       {},
       "How long work may wait without any progress before /readyz says so.",
       engine<&E::stall_ms>},

      {"NATS",
       "nats-url",
       "NATS_URL",
       "nats.url",
       nats_urls,
       "",
       "nats://127.0.0.1:4222",
       0,
       0,
       {},
       "Servers that messages are published to, with commas between several.",
       nats<&N::url>},
      {"NATS",
       "nats-user",
       "NATS_USER",
       "nats.user",
       text,
       "",
       "",
       0,
       0,
       {},
       "User to log in to NATS as.",
       nats<&N::user>},
      {"NATS",
       "nats-password",
       "NATS_PASSWORD",
       "nats.password",
       secret,
       "",
       "",
       0,
       0,
       {},
       "That user's password; better in a file.",
       nats<&N::password>},
      {"NATS",
       "nats-password-file",
       "NATS_PASSWORD_FILE",
       "nats.password_file",
       file,
       "",
       "",
       0,
       0,
       {},
       "File that holds the password.",
       nats<&N::password_file>},
      {"NATS",
       "nats-token",
       "NATS_TOKEN",
       "nats.token",
       secret,
       "",
       "",
       0,
       0,
       {},
       "Token to log in with; better in a file.",
       nats<&N::token>},
      {"NATS",
       "nats-token-file",
       "NATS_TOKEN_FILE",
       "nats.token_file",
       file,
       "",
       "",
       0,
       0,
       {},
       "File that holds the token.",
       nats<&N::token_file>},
      {"NATS",
       "nats-creds-file",
       "NATS_CREDS_FILE",
       "nats.creds_file",
       file,
       "",
       "",
       0,
       0,
       {},
       "Credentials file (JWT and seed).",
       nats<&N::creds_file>},
      {"NATS",
       "nats-nkey",
       "NATS_NKEY",
       "nats.nkey",
       text,
       "",
       "",
       0,
       0,
       {},
       "Public nkey to log in with.",
       nats<&N::nkey>},
      {"NATS",
       "nats-nkey-file",
       "NATS_NKEY_FILE",
       "nats.nkey_file",
       file,
       "",
       "",
       0,
       0,
       {},
       "File that holds the nkey's seed.",
       nats<&N::nkey_file>},
      {"NATS",
       "nats-ca-file",
       "NATS_CA_FILE",
       "nats.ca_file",
       file,
       "",
       "",
       0,
       0,
       {},
       "Certificates that the NATS servers' are checked against; turns TLS on.",
       nats<&N::ca_file>},
      {"NATS",
       "nats-cert-file",
       "NATS_CERT_FILE",
       "nats.cert_file",
       file,
       "",
       "",
       0,
       0,
       {},
       "Our certificate, where the servers ask for one.",
       nats<&N::cert_file>},
      {"NATS",
       "nats-key-file",
       "NATS_KEY_FILE",
       "nats.key_file",
       file,
       "",
       "",
       0,
       0,
       {},
       "Its private key.",
       nats<&N::key_file>},
      {"NATS",
       "nats-ack-ms",
       "SLUICE_NATS_ACK_MS",
       "nats.ack_ms",
       whole,
       "ms",
       "5000",
       100,
       600'000,
       {},
       "How long a message's acknowledgement is waited for before the message is sent again.",
       nats_ack},

      {"Redis",
       "redis-url",
       "REDIS_URL",
       "redis.url",
       redis_url,
       "",
       "redis://127.0.0.1:6379/0",
       0,
       0,
       {},
       "Server that a cache rule keeps its keys in, with user, password and database.",
       redis<&R::url>},
      {"Redis",
       "redis-password-file",
       "REDIS_PASSWORD_FILE",
       "redis.password_file",
       file,
       "",
       "",
       0,
       0,
       {},
       "File that holds the password instead; a changed file is read with the next connection.",
       redis<&R::password_file>},
      {"Redis",
       "redis-timeout-ms",
       "SLUICE_REDIS_TIMEOUT_MS",
       "redis.timeout_ms",
       whole,
       "ms",
       "2000",
       50,
       600'000,
       {},
       "How long Redis may say nothing before the connection is given up and the commands are sent again.",
       redis_timeout},

      {"Being watched",
       "http-host",
       "SLUICE_HTTP_HOST",
       "http.host",
       text,
       "",
       "127.0.0.1",
       0,
       0,
       {},
       "Address the HTTP server listens on.",
       http_host},
      {"Being watched",
       "http-port",
       "SLUICE_HTTP_PORT",
       "http.port",
       whole,
       "port",
       "0",
       0,
       65'535,
       {},
       "Port of /healthz, /readyz, /metrics and /status; 0 turns them off.",
       number<&C::http_port>},
      {"Being watched",
       "http-health",
       "SLUICE_HTTP_HEALTH",
       "http.health",
       choice,
       "",
       "alive",
       0,
       0,
       {"alive", "components"},
       "What /healthz says: that the process answers, or also whether MongoDB, NATS and Redis can be "
       "reached.",
       health},
      {"Being watched",
       "log-level",
       "SLUICE_LOG_LEVEL",
       "log.level",
       choice,
       "",
       "info",
       0,
       0,
       {"trace", "debug", "info", "warn", "error", "off"},
       "Least important messages logged: trace, debug, info, warn, error or off.",
       words<&C::log_level>},
      {"Being watched",
       "log-format",
       "SLUICE_LOG_FORMAT",
       "log.format",
       choice,
       "",
       "text",
       0,
       0,
       {"text", "json"},
       "Log lines for people, or one JSON object per line.",
       log_format},

      {"Position",
       "on-lost",
       "SLUICE_ON_LOST",
       "on_lost",
       choice,
       "",
       "fail",
       0,
       0,
       {"fail", "restart-now", "rebuild"},
       "When the position is lost (history gone, rules changed, a collection dropped): stop, go on from now, "
       "or "
       "compute all targets afresh and go on.",
       on_lost},
      {"Position",
       "on-changed-rules",
       "SLUICE_ON_CHANGED_RULES",
       "on_changed_rules",
       choice,
       "",
       "fail",
       0,
       0,
       {"fail", "accept"},
       "When the rules changed while no worker ran: stop and say so, or go on from the stored position with "
       "the new rules.",
       on_changed_rules},

      {"Position (flags only)",
       "backfill",
       "",
       "",
       flag,
       "",
       "",
       0,
       0,
       {},
       "On the first start, fill the targets from what stands in the sources.",
       yes<&C::backfill>},
      {"Position (flags only)",
       "restart-now",
       "",
       "",
       flag,
       "",
       "",
       0,
       0,
       {},
       "Drop the stored position and start from the present moment.",
       yes<&C::restart_now>},
      {"Position (flags only)",
       "accept-changed-rules",
       "",
       "",
       flag,
       "",
       "",
       0,
       0,
       {},
       "Go on from the stored position although the rules have changed.",
       accept_changed_rules},
  };
  return options;
}

[[noreturn]] void refuse(const Option& option, const std::string& text, const Origin& origin,
                         const std::string& why) {
  // A file's place does not say which key it is; a flag and a variable name themselves.
  const std::string subject = origin.kind == Origin::Kind::file ? fmt::format("'{}' ", option.path) : "";
  const std::string shown = shown_value(option, text);
  origin.fail(fmt::format("{}must be {}, not '{}'", subject, why, shown));
}

OptionValue parse_whole(const Option& option, const std::string& text, const Origin& origin) {
  const auto number = whole_number(text);
  if (!number || *number < option.least || *number > option.most) {
    refuse(option, text, origin, allowed_text(option));
  }
  return {text, *number};
}

OptionValue parse_choice(const Option& option, const std::string& text, const Origin& origin) {
  const auto found = std::find(option.choices.begin(), option.choices.end(), text);
  if (found == option.choices.end()) refuse(option, text, origin, allowed_text(option));
  return {text, found - option.choices.begin()};
}

/// Some servers, each `nats://` or `tls://` and a host.
bool is_nats_urls(std::string_view text) {
  while (true) {
    const auto comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    const bool known =
        (one.starts_with("nats://") && one.size() > 7) || (one.starts_with("tls://") && one.size() > 6);
    if (!known) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

bool is_mongodb_uri(std::string_view text) {
  for (const std::string_view scheme : {"mongodb://", "mongodb+srv://"}) {
    if (text.starts_with(scheme)) return text.size() > scheme.size();
  }
  return false;
}

std::string placeholder(const Option& option) {
  switch (option.type) {
    case uri:
      return " URI";
    case nats_urls:
    case redis_url:
      return " URL";
    case secret:
      return " SECRET";
    case file:
      return " FILE";
    case database:
      return " NAME";
    case text:
      return option.name == "http-host" ? " ADDRESS" : " NAME";
    case whole:
      return " N";
    case choice: {
      std::string names;
      for (const auto& name : option.choices) names += (names.empty() ? " " : "|") + name;
      // A long list would push the sentences of all options to the right.
      return names.size() > 14 ? " LEVEL" : names;
    }
    case flag:
      return "";
  }
  return "";
}

std::string_view without_fallback(const Option& option) {
  if (option.type == flag) return "off";
  return option.type == database ? "required" : "none";
}

std::string code(std::string_view text) {
  return text.empty() ? "" : fmt::format("`{}`", text);
}

}  // namespace

std::span<const Option> options() {
  return table();
}

const Option& option(std::string_view name) {
  const auto found = std::find_if(table().begin(), table().end(),
                                  [name](const Option& option) { return option.name == name; });
  assert(found != table().end());
  return *found;
}

std::string Origin::shown() const {
  if (kind != Kind::file) return prefix();
  return where.substr(0, where.rfind(':'));
}

std::string Origin::prefix() const {
  switch (kind) {
    case Kind::flag:
      return "flag " + where;
    case Kind::environment:
      return "environment " + where;
    case Kind::file:
      return where;
    case Kind::fallback:
      return "default";
  }
  return "default";
}

void Origin::fail(const std::string& message) const {
  if (kind != Kind::file) throw ConfigError(prefix() + ": " + message);
  const std::size_t column = where.rfind(':');
  const std::size_t line = column == std::string::npos ? column : where.rfind(':', column - 1);
  if (line == std::string::npos) throw PlacedError({where, 0, 0, message});
  throw PlacedError({where.substr(0, line), std::atoi(where.c_str() + line + 1),
                     std::atoi(where.c_str() + column + 1), message});
}

OptionValue parse_value(const Option& option, const std::string& text, const Origin& origin) {
  switch (option.type) {
    case OptionType::whole:
      return parse_whole(option, text, origin);
    case OptionType::choice:
      return parse_choice(option, text, origin);
    case OptionType::uri:
      if (!is_mongodb_uri(text)) refuse(option, text, origin, allowed_text(option));
      return {text, 0};
    case OptionType::nats_urls:
      if (!is_nats_urls(text)) refuse(option, text, origin, allowed_text(option));
      return {text, 0};
    case OptionType::redis_url:
      if (const std::string why = why_no_redis_url(text); !why.empty()) {
        refuse(option, text, origin, allowed_text(option) + " (" + why + ")");
      }
      return {text, 0};
    case OptionType::database:
      if (const std::string why = why_no_database(text); !why.empty()) {
        refuse(option, text, origin, "the name of a database (" + why + ")");
      }
      return {text, 0};
    case OptionType::file:
      // Where the two options are mixed up, the message must not give the secret away.
      if (is_mongodb_uri(text)) {
        const bool the_uris = option.name == "mongodb-uri-file";
        refuse(option, mask_uri(text), origin,
               the_uris ? "the path of a file that holds the URI" : "the path of a file");
      }
      [[fallthrough]];
    case OptionType::secret:
    case OptionType::text:
      if (text.empty()) refuse(option, text, origin, allowed_text(option));
      return {text, 0};
    case OptionType::flag:
      return {text, text == "true" ? 1 : 0};
  }
  return {text, 0};
}

std::string shown_value(const Option& option, const std::string& text) {
  if (option.type == OptionType::secret) return text.empty() ? "" : "***";
  if (option.type == OptionType::redis_url) return mask_uri(text);
  return option.type == OptionType::uri || option.type == OptionType::nats_urls ? mask_uris(text) : text;
}

std::string allowed_text(const Option& option) {
  switch (option.type) {
    case OptionType::whole:
      return fmt::format("a whole number from {} to {}", option.least, option.most);
    case OptionType::choice:
      return join_or(option.choices);
    case OptionType::uri:
      return "a connection string that starts with mongodb:// or mongodb+srv://";
    case OptionType::nats_urls:
      return "one or more of nats://host:port or tls://host:port, with commas between them";
    case OptionType::redis_url:
      return "redis://user:password@host:port/database, of which only the host has to be there";
    case OptionType::secret:
      return "a secret";
    case OptionType::file:
      return "the path of a file";
    case OptionType::database:
      return "the name of a database";
    case OptionType::text:
      return "a text";
    case OptionType::flag:
      return "given or not";
  }
  return {};
}

std::string unit_and_default(const Option& option) {
  if (option.type == OptionType::flag) return "default off";
  const std::string unit = option.unit.empty() ? "" : fmt::format("{}, ", option.unit);
  if (option.fallback.empty()) return unit + std::string(without_fallback(option));
  return unit + fmt::format("default {}", option.fallback);
}

std::string options_help(bool (*shown)(const Option&)) {
  std::size_t width = 0;
  for (const auto& option : table()) {
    if (shown(option)) width = std::max(width, option.name.size() + 2 + placeholder(option).size());
  }
  std::string text;
  std::string_view group;
  for (const auto& option : table()) {
    if (!shown(option)) continue;
    if (option.group != group) {
      group = option.group;
      text += fmt::format("{}{}:\n", text.empty() ? "" : "\n", group);
    }
    const std::string flag = fmt::format("--{}{}", option.name, placeholder(option));
    text += sluice::text::entry("  " + flag, width + 4,
                                fmt::format("{} ({})", option.help, unit_and_default(option)));
  }
  return text;
}

std::string options_text() {
  std::size_t name = 0;
  std::size_t env = 0;
  std::size_t path = 0;
  for (const auto& option : table()) {
    name = std::max(name, option.name.size());
    env = std::max(env, option.env.size());
    path = std::max(path, option.path.size());
  }
  std::string text;
  std::string_view group;
  for (const auto& option : table()) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format("{}{}:\n", text.empty() ? "" : "\n", group);
    }
    text += fmt::format("  --{:<{}}  {:<{}}  {:<{}}  {}\n", option.name, name, option.env, env, option.path,
                        path, unit_and_default(option));
  }
  return text;
}

std::string options_markdown() {
  std::string text =
      "# Options\n\n"
      "<!-- Written by `sluice options --markdown` from src/config/options.cpp; change it there. -->\n\n"
      "A value is taken from the flag, else from the environment, else from the file, else from the "
      "default.\n"
      "A variable that is set but empty counts as not set. `sluice config FILE.yaml` prints the values in "
      "force\n"
      "and where each came from.\n";
  std::string_view group;
  for (const auto& option : table()) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format("\n## {}", group) +
              "\n\n| Flag | Environment | File | Unit | Default | Allowed | Meaning |\n"
              "|---|---|---|---|---|---|---|\n";
    }
    const std::string fallback =
        option.fallback.empty() ? std::string(without_fallback(option)) : code(option.fallback);
    text += fmt::format("| `--{}` | {} | {} | {} | {} | {} | {} |\n", option.name, code(option.env),
                        code(option.path), option.unit, fallback, allowed_text(option), option.help);
  }
  return text;
}

Values process_environment() {
  Values values;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return values;
}

}  // namespace sluice::config
