#include "config/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <optional>
#include <system_error>

#include "config/mask.hpp"
#include "config/names.hpp"
#include "config/redis_url.hpp"
#include "config/state_names.hpp"
#include "config/yaml_tree.hpp"

namespace sluice::config {
namespace {

/// Others take over when the lease is over and they have looked: ten seconds all in all. A default only.
constexpr int cluster_lease_ms = 6000;

/// A checked value with where it came from.
struct Sourced {
  OptionValue value;
  Origin origin;
};

/// The three sources of a run, asked in their order of precedence.
class Sources {
 public:
  Sources(Settings file, const Values& flags, const Values& environment)
      : file_(std::move(file)), flags_(flags), environment_(environment) {}

  std::optional<Sourced> stated_outside(const Option& option) const {
    if (const auto found = flags_.find(option.name); found != flags_.end()) {
      return checked(option, found->second, {Origin::Kind::flag, fmt::format("--{}", option.name)});
    }
    const auto found = option.env.empty() ? environment_.end() : environment_.find(option.env);
    if (found == environment_.end() || found->second.empty()) return std::nullopt;
    return checked(option, found->second, {Origin::Kind::environment, std::string(option.env)});
  }

  std::optional<Sourced> stated_in_file(const Option& option) {
    const std::size_t dot = option.path.find('.');
    if (option.path.empty()) return std::nullopt;
    if (dot == std::string_view::npos) return stated_in(file_, option.path, option);
    const Settings* section = find_section(option.path.substr(0, dot));
    return section ? stated_in(*section, option.path.substr(dot + 1), option) : std::nullopt;
  }

  static std::optional<Sourced> stated_in(const Settings& settings, std::string_view key,
                                          const Option& option) {
    if (!settings.has(key)) return std::nullopt;
    return checked(option, settings.scalar(key), {Origin::Kind::file, settings.place(key)});
  }

  Sourced effective(const Option& option) {
    if (auto outside = stated_outside(option)) {
      // Asked nevertheless: a key of the file that is overruled today must be known and sound all the same.
      stated_in_file(option);
      return *outside;
    }
    if (auto inside = stated_in_file(option)) return *inside;
    return fallback(option);
  }

  static Sourced fallback(const Option& option) {
    if (option.type == OptionType::flag) return {{"false", 0}, {}};
    if (option.fallback.empty()) return {{"", 0}, {}};
    return checked(option, std::string(option.fallback), {});
  }

  const Settings& file() const { return file_; }

  void done() const {
    for (const auto& [name, section] : sections_) section.done();
  }

 private:
  static Sourced checked(const Option& option, const std::string& text, Origin origin) {
    return {parse_value(option, text, origin), origin};
  }

  const Settings* find_section(std::string_view name) {
    const auto known = sections_.find(name);
    if (known != sections_.end()) return &known->second;
    if (!file_.has(name)) return nullptr;
    return &sections_.emplace(std::string(name), file_.section(name)).first->second;
  }

  Settings file_;
  std::map<std::string, Settings, std::less<>> sections_;
  const Values& flags_;
  const Values& environment_;
};

/// Where the cluster is: a URI, or the file that holds it.
struct Cluster {
  Sourced value;
  bool in_file = false;
};

/// Of a URI and a file, the one that comes from the stronger source. Both from one source contradict each
/// other.
std::optional<Cluster> cluster_of(std::optional<Sourced> uri, std::optional<Sourced> file) {
  if (uri && file && uri->origin.kind == file->origin.kind) {
    file->origin.fail(
        fmt::format("the URI is stated here and in {} as well; state one of the two", uri->origin.prefix()));
  }
  if (file && (!uri || file->origin.kind < uri->origin.kind)) return Cluster{std::move(*file), true};
  if (uri) return Cluster{std::move(*uri), false};
  return std::nullopt;
}

bool belongs_to_stream(const Option& option) {
  return option.store == nullptr;
}

std::string listed_name(const Option& option) {
  return option.path.empty() ? fmt::format("--{}", option.name) : std::string(option.path);
}

class Loader {
 public:
  /// `problems`: those of the file so far; more are added.
  Loader(Settings file, const Values& flags, const Values& environment, Problems& problems)
      : sources_(std::move(file), flags, environment), problems_(problems) {}

  Loaded load() {
    attempt([&] { check_keys(); });
    attempt([&] { read_pipeline(); });
    for (const auto& option : options()) {
      if (!belongs_to_stream(option)) attempt([&] { read_option(option); });
    }
    check_pairs();
    attempt([&] { sources_.file().has("streams") ? read_streams() : read_only_stream(); });
    attempt([&] { sources_.done(); });
    hide_state();
    return std::move(loaded_);
  }

 private:
  Config& config() { return loaded_.config; }

  void hide_state() {
    for (StreamConfig& stream : config().streams) {
      if (stream.database != config().state_database) continue;
      stream.hidden.assign(state::all.begin(), state::all.end());
    }
  }

  /// Goes on after a problem, to find the others.
  template <class Act>
  bool attempt(Act act) {
    try {
      act();
      return true;
    } catch (const ConfigError& error) {
      append(problems_, error);
      return false;
    }
  }

  /// Options that are about each other. What is wrong with one that could not be read is said already.
  void check_pairs() {
    const bool all_read = std::ranges::all_of(
        options(), [&](const Option& one) { return belongs_to_stream(one) || origins_.contains(one.name); });
    if (!all_read) return;
    attempt([&] { check_shard(); });
    attempt([&] { check_nats(); });
    attempt([&] { check_redis(); });
    attempt([&] { check_cluster(); });
  }

  /// A misspelt key says more than a missing one.
  void missing_database(const Settings& settings, const std::string& key) {
    const bool likelier = std::ranges::any_of(
        problems_, [](const auto& one) { return one.message.starts_with("unknown key"); });
    const std::string section = key.substr(0, key.find('.'));
    if (!likelier) attempt([&] { settings.fail(section, no_database(key)); });
  }

  /// What stands for a database that is missing or none, so that the rules can be judged all the same.
  static Sourced some_database() { return {{"database", 0}, {}}; }

  void list(std::string name, std::string value, const Origin& origin) {
    loaded_.effective.push_back({std::move(name), std::move(value), origin.shown()});
  }

  /// First of all, since a misspelt section is the likeliest reason for whatever seems to be missing.
  void check_keys() {
    const Settings& file = sources_.file();
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

  /// `format: json` at the top is a key of a section that is indented too little, or stands without it.
  static void add_section(Problem& problem) {
    for (const auto& option : options()) {
      const std::size_t dot = option.path.find('.');
      if (dot == std::string_view::npos) continue;
      const std::string_view key = option.path.substr(dot + 1);
      const std::string unknown = fmt::format("unknown key '{}'", key);
      if (!problem.message.starts_with(unknown)) continue;
      problem.message = fmt::format("{}; it belongs into '{}' (is this line indented too little?)", unknown,
                                    option.path.substr(0, dot));
      return;
    }
  }

  void read_pipeline() {
    const Settings& file = sources_.file();
    config().pipeline = file.text("pipeline");
    if (const std::string why = why_no_name(config().pipeline); !why.empty()) file.fail("pipeline", why);
    list("pipeline", config().pipeline, {Origin::Kind::file, file.place("pipeline")});
  }

  void read_option(const Option& option) {
    Sourced sourced = sources_.effective(option);
    if (option.name == "lease-ms" && sourced.origin.kind == Origin::Kind::fallback && config().clustered()) {
      sourced.value = {std::to_string(cluster_lease_ms), cluster_lease_ms};
    }
    option.store(config(), sourced.value);
    origins_.emplace(option.name, sourced.origin);
    if (sourced.value.text.empty()) return;  // stated nowhere, and without a default
    list(listed_name(option), shown_value(option, sourced.value.text), sourced.origin);
  }

  /// Of two options of which one says nothing without the other.
  void check_pair(std::string_view one, const std::string& value, std::string_view other,
                  const std::string& needed) {
    if (value.empty() || !needed.empty()) return;
    origins_.at(one).fail(fmt::format("--{} says nothing without --{}", one, other));
  }

  void check_nats() {
    const NatsConfig& nats = config().nats;
    check_pair("nats-password", nats.password, "nats-user", nats.user);
    check_pair("nats-password-file", nats.password_file, "nats-user", nats.user);
    check_pair("nats-nkey", nats.nkey, "nats-nkey-file", nats.nkey_file);
    check_pair("nats-nkey-file", nats.nkey_file, "nats-nkey", nats.nkey);
    check_pair("nats-cert-file", nats.cert_file, "nats-key-file", nats.key_file);
    check_pair("nats-key-file", nats.key_file, "nats-cert-file", nats.cert_file);
  }

  void check_redis() {
    const RedisConfig& redis = config().redis;
    if (redis.password_file.empty() || redis_place(redis.url).password.empty()) return;
    origins_.at("redis-password-file")
        .fail(fmt::format("the password is stated here and in {} as well; state one of the two",
                          origins_.at("redis-url").prefix()));
  }

  void check_shard() {
    const int count = config().shard_count;
    const int index = config().shard_index;
    if (index < count) return;
    origins_.at("shard-index")
        .fail(fmt::format("the shard index {} must be below the shard count {} ({}); allowed: 0 to {}", index,
                          count, origins_.at("shard-count").shown(), count - 1));
  }

  void check_cluster() {
    if (!config().clustered()) return;
    if (config().shard_count > 1) {
      origins_.at("partitions")
          .fail(fmt::format(
              "the partitions of a cluster ({}) take the place of shards ({}, {}); state one of the two",
              config().partitions, config().shard_count, origins_.at("shard-count").shown()));
    }
  }

  /// `mongodb:` and `rules:` at the top.
  void read_only_stream() {
    // Both are asked for in the file, overruled or not: a key of it must be known and sound all the same.
    std::optional<Cluster> cluster;
    attempt([&] {
      cluster = cluster_of(sources_.stated_in_file(option("mongodb-uri")),
                           sources_.stated_in_file(option("mongodb-uri-file")));
    });
    attempt([&] {
      if (auto outside = cluster_outside()) cluster = std::move(outside);
    });
    std::optional<Sourced> database;
    if (!attempt([&] { database = database_of_only_stream(); })) database = some_database();
    if (!database) {
      attempt([&] { sources_.done(); });
      missing_database(sources_.file(), "mongodb.database");
      database = some_database();
    }
    add_stream(sources_.file(), "mongodb", database->value.text, cluster, *database);
  }

  std::optional<Cluster> cluster_outside() const {
    return cluster_of(sources_.stated_outside(option("mongodb-uri")),
                      sources_.stated_outside(option("mongodb-uri-file")));
  }

  std::optional<Sourced> database_of_only_stream() {
    const Option& database = option("database");
    auto inside = sources_.stated_in_file(database);
    auto outside = sources_.stated_outside(database);
    return outside ? outside : inside;
  }

  static std::string no_database(const std::string& key) {
    return fmt::format("no database is stated; state '{}', --database or SLUICE_DATABASE", key);
  }

  void read_streams() {
    const Settings& file = sources_.file();
    for (const std::string_view key : {"mongodb", "rules"}) {
      if (!file.has(key)) continue;
      attempt([&] {
        file.fail(key, fmt::format("'{}' belongs inside each of 'streams', which this file states too", key));
      });
    }
    const std::vector<Settings> streams = file.sections("streams");
    if (streams.empty()) file.fail("streams", "'streams' is empty; state at least one");
    if (streams.size() > kMostStreams) {
      file.fail("streams", fmt::format("at most {} streams are allowed", kMostStreams));
    }
    for (const auto& stream : streams) attempt([&] { read_stream(stream, streams.size() == 1); });
  }

  void read_stream(const Settings& stream, bool only) {
    for (const std::string_view key : {"name", "uri", "uri_file", "database", "resume_tokens", "rules"}) {
      stream.has(key);
    }
    attempt([&] { stream.done(); });
    std::optional<Cluster> cluster;
    attempt([&] {
      cluster = of_stream(cluster_of(Sources::stated_in(stream, "uri", option("mongodb-uri")),
                                     Sources::stated_in(stream, "uri_file", option("mongodb-uri-file"))),
                          cluster_outside(), only);
    });
    std::optional<Sourced> database = some_database();
    attempt([&] {
      database = of_stream(Sources::stated_in(stream, "database", option("database")),
                           sources_.stated_outside(option("database")), only);
    });
    if (!database) {
      missing_database(stream, "database");
      database = some_database();
    }
    const std::string name = stream.text_or("name", database->value.text);
    add_stream(stream, "name", name, cluster, *database);
    if (!stream.has("resume_tokens")) return;
    attempt([&] { config().streams.back().resume_tokens = read_tokens(stream); });
  }

  static std::vector<TokenCollection> read_tokens(const Settings& stream) {
    std::vector<TokenCollection> all;
    for (const Settings& entry : stream.sections("resume_tokens")) {
      all.push_back({entry.text("database"), entry.text("collection"),
                     entry.choice("capped", {"true", "false"}, "false") == "true"});
      if (const std::string why = why_no_database(all.back().database); !why.empty()) {
        entry.fail("database", why);
      }
      entry.done();
    }
    return all;
  }

  /// A flag or variable overrules the only stream; with several it would make them all the same, and so it
  /// speaks for those alone that state nothing.
  template <class Value>
  static std::optional<Value> of_stream(std::optional<Value> inside, std::optional<Value> outside,
                                        bool only) {
    if (only) return outside ? outside : inside;
    return inside ? inside : outside;
  }

  void check_stream_name(const Settings& settings, std::string_view key, const std::string& name) {
    if (const std::string why = why_no_name(name); !why.empty()) {
      settings.fail(key, fmt::format("the stream's name '{}' is no good: {}", name, why));
    }
    for (const auto& other : config().streams) {
      if (other.name != name) continue;
      settings.fail(key, fmt::format("two streams are called '{}'; give each a 'name' of its own", name));
    }
  }

  /// `name_key` is where to point when the name is no good.
  void add_stream(const Settings& settings, std::string_view name_key, const std::string& name,
                  const std::optional<Cluster>& stated, const Sourced& database) {
    const Cluster cluster = stated.value_or(Cluster{Sources::fallback(option("mongodb-uri")), false});
    const std::string& text = cluster.value.value.text;
    attempt([&] { check_stream_name(settings, name_key, name); });
    if (cluster.in_file) {
      list("streams." + name + ".uri_file", text, cluster.value.origin);
    } else {
      list("streams." + name + ".uri", mask_uri(text), cluster.value.origin);
    }
    list("streams." + name + ".database", database.value.text, database.origin);
    config().streams.push_back({.name = name,
                                .uri = cluster.in_file ? "" : text,
                                .database = database.value.text,
                                .rules = {},
                                .uri_file = cluster.in_file ? text : ""});
    read_rules(settings, config().streams.back());
  }

  void read_rules(const Settings& settings, StreamConfig& stream) {
    const std::vector<Settings> rules = settings.sections("rules");
    if (rules.size() > kMostRules) {
      settings.fail("rules", fmt::format("at most {} rules are allowed", kMostRules));
    }
    for (const auto& entry : rules) attempt([&] { read_rule(entry, stream); });
  }

  void read_rule(const Settings& entry, StreamConfig& stream) {
    RuleConfig rule = rule_of(entry);
    for (const auto& other : stream.rules) {
      if (other.name == rule.name) entry.fail("name", fmt::format("two rules are called '{}'", rule.name));
    }
    const bool enabled = entry.choice("enabled", {"true", "false"}, "true") == "true";
    list("streams." + stream.name + ".rules." + rule.name, rule.kind + (enabled ? "" : " (switched off)"),
         {Origin::Kind::file, entry.place("name")});
    if (enabled) stream.rules.push_back(std::move(rule));
  }

  Sources sources_;
  Problems& problems_;
  std::map<std::string_view, Origin> origins_;
  Loaded loaded_;
};

}  // namespace

RuleConfig rule_of(const Settings& entry) {
  const std::string name = entry.text("name");
  if (const std::string why = why_no_name(name); !why.empty()) entry.fail("name", why);
  std::vector<std::string> kinds = entry.keys();
  std::erase(kinds, "name");
  std::erase(kinds, "enabled");
  if (kinds.empty()) {
    entry.fail(
        "name",
        fmt::format("rule '{}' says nothing; state its kind (such as 'embed:') beside its name", name));
  }
  if (kinds.size() > 1) {
    entry.fail(kinds[1], fmt::format("rule '{}' has two kinds, '{}' and '{}'; a rule is a name and one "
                                     "kind (is this key indented too little?)",
                                     name, kinds[0], kinds[1]));
  }
  return {name, kinds[0], entry.section(kinds[0])};
}

std::vector<std::string> changed_options(const Loaded& before, const Loaded& now) {
  const auto values = [](const Loaded& loaded) {
    std::map<std::string, std::string> values;
    for (const Effective& one : loaded.effective) {
      if (!one.name.starts_with("streams.")) values.emplace(one.name, one.value);
    }
    return values;
  };
  const auto old = values(before);
  const auto fresh = values(now);
  std::vector<std::string> changed;
  for (const auto& [name, value] : fresh) {
    const auto known = old.find(name);
    if (known == old.end() || known->second != value) changed.push_back(name);
  }
  for (const auto& [name, value] : old) {
    if (!fresh.contains(name)) changed.push_back(name);
  }
  return changed;
}

std::string read_text(const std::string& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMostYamlBytes + 1, '\0');  // one more than allowed, for parse_yaml to notice
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  // A folder can be opened and then not be read: both are said in the system's words.
  if (!stream.is_open() || stream.bad()) {
    throw PlacedError({file, 0, 0, "cannot be read: " + std::generic_category().message(errno)});
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

namespace {

std::string in_shell(const std::string& text) {
  constexpr std::string_view harmless =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:,@%+=";
  if (!text.empty() && text.find_first_not_of(harmless) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string place_arguments(const std::string& file, const Values& flags) {
  std::string text = in_shell(file);
  for (const auto& [name, value] : flags) {
    const Option& one = option(name);
    if (one.group != "Where" || one.name == "indexes") continue;
    const bool secret = shown_value(one, value) != value;
    text += " --" + name + " " + (secret ? "\"$" + std::string(one.env) + "\"" : in_shell(value));
  }
  return text;
}

Loaded load_text(const std::string& yaml, const std::string& file_name, const Values& flags,
                 const Values& environment) {
  Judged judged = judge_text(yaml, file_name, flags, environment);
  if (!judged.problems.empty()) throw PlacedError(in_order(std::move(judged.problems)));
  judged.loaded.config.place_arguments = place_arguments(file_name, flags);
  return std::move(judged.loaded);
}

Judged judge_text(const std::string& yaml, const std::string& file_name, const Values& flags,
                  const Values& environment) {
  try {
    return judge_document(parse_yaml(yaml, file_name, &environment), flags, environment);
  } catch (const ConfigError& error) {
    return {{}, problems_of(error)};
  }
}

Judged judge_document(std::shared_ptr<const YamlDocument> document, const Values& flags,
                      const Values& environment) {
  Judged judged;
  judged.problems = document->problems;
  judged.loaded = Loader(settings_of(std::move(document)), flags, environment, judged.problems).load();
  return judged;
}

Loaded load_file(const std::string& file, const Values& flags, const Values& environment) {
  return load_text(read_text(file), file, flags, environment);
}

Config load(const std::string& file, const Values& flags, const Values& environment) {
  return load_file(file, flags, environment).config;
}

std::string effective_text(const std::vector<Effective>& effective) {
  std::size_t width = 0;
  for (const auto& line : effective) {
    // A long URI must not push every origin out of sight.
    const std::size_t length = line.name.size() + line.value.size() + 2;
    if (length <= 60) width = std::max(width, length);
  }
  std::string text;
  for (const auto& line : effective) {
    std::string left = line.name + ": " + line.value;
    if (left.size() < width) left.append(width - left.size(), ' ');
    text += left + "  # " + line.origin + "\n";
  }
  return text;
}

}  // namespace sluice::config
