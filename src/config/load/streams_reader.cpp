#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "config/load/context.hpp"
#include "config/mask.hpp"
#include "config/names.hpp"
#include "config/relay_check.hpp"

namespace sluice::config {
namespace {

/// A MongoDB URI, or the path of the file that contains it.
struct Cluster {
  Sourced value;
  bool in_file = false;
};

/// The URI or the file, whichever comes from the source with higher precedence. Throws if both come from the
/// same source.
std::optional<Cluster> cluster_of(std::optional<Sourced> uri, std::optional<Sourced> file) {
  if (uri && file && uri->origin.kind == file->origin.kind) {
    file->origin.fail(
        fmt::format("the URI is set both here and in {}; set only one of them", uri->origin.prefix()));
  }
  if (file && (!uri || file->origin.kind < uri->origin.kind)) return Cluster{std::move(*file), true};
  if (uri) return Cluster{std::move(*uri), false};
  return std::nullopt;
}

class StreamsReader {
 public:
  explicit StreamsReader(LoadContext& context) : context_(context) {}

  void read() {
    if (context_.sources.file().has("streams")) {
      read_streams();
    } else {
      read_only_stream();
    }
  }

 private:
  /// Reports a missing database, unless there is an unknown key, which is probably a misspelt 'database'.
  void missing_database(const Settings& settings, const std::string& key) {
    const bool likelier = std::ranges::any_of(
        context_.problems, [](const auto& one) { return one.message.starts_with("unknown key"); });
    const std::string section = key.substr(0, key.find('.'));
    if (!likelier) context_.attempt([&] { settings.fail(section, no_database(key)); });
  }

  /// Placeholder for a missing or invalid database, so that the rules can still be checked.
  static Sourced some_database() { return {{"database", 0}, {}}; }

  /// The stream that is defined by `mongodb` and `rules` at the top level.
  void read_only_stream() {
    // The file's values are checked even where a flag or variable overrides them.
    std::optional<Cluster> cluster;
    context_.attempt([&] {
      cluster = cluster_of(context_.sources.stated_in_file(option("mongodb-uri")),
                           context_.sources.stated_in_file(option("mongodb-uri-file")));
    });
    context_.attempt([&] {
      if (auto outside = cluster_outside()) cluster = std::move(outside);
    });
    std::optional<Sourced> database;
    if (!context_.attempt([&] { database = database_of_only_stream(); })) database = some_database();
    if (!database) {
      context_.attempt([&] { context_.sources.done(); });
      missing_database(context_.sources.file(), "mongodb.database");
      database = some_database();
    }
    add_stream(context_.sources.file(), "mongodb", database->value.text, cluster, *database);
  }

  std::optional<Cluster> cluster_outside() const {
    return cluster_of(context_.sources.stated_outside(option("mongodb-uri")),
                      context_.sources.stated_outside(option("mongodb-uri-file")));
  }

  std::optional<Sourced> database_of_only_stream() {
    const Option& database = option("database");
    auto inside = context_.sources.stated_in_file(database);
    auto outside = context_.sources.stated_outside(database);
    return outside ? outside : inside;
  }

  static std::string no_database(const std::string& key) {
    return fmt::format("no database is set; set '{}', --database or SLUICE_DATABASE", key);
  }

  void read_streams() {
    const Settings& file = context_.sources.file();
    for (const std::string_view key : {"mongodb", "rules"}) {
      if (!file.has(key)) continue;
      context_.attempt([&] {
        file.fail(
            key,
            fmt::format("'{}' cannot be combined with 'streams'; move it into each entry of 'streams'", key));
      });
    }
    const std::vector<Settings> streams = file.sections("streams");
    if (streams.empty()) file.fail("streams", "'streams' is empty; add at least one stream");
    if (streams.size() > kMostStreams) {
      file.fail("streams", fmt::format("at most {} streams are allowed", kMostStreams));
    }
    if (context_.config().relay) {
      const std::string why = why_no_relay_of(streams.size());
      if (!why.empty()) context_.attempt([&] { file.fail("streams", why); });
    }
    for (const auto& stream : streams) context_.attempt([&] { read_stream(stream, streams.size() == 1); });
  }

  void read_stream(const Settings& stream, bool only) {
    for (const std::string_view key : {"name", "uri", "uri_file", "database", "resume_tokens", "rules"}) {
      stream.has(key);
    }
    context_.attempt([&] { stream.done(); });
    std::optional<Cluster> cluster;
    context_.attempt([&] {
      cluster = of_stream(cluster_of(Sources::stated_in(stream, "uri", option("mongodb-uri")),
                                     Sources::stated_in(stream, "uri_file", option("mongodb-uri-file"))),
                          cluster_outside(), only);
    });
    std::optional<Sourced> database = some_database();
    context_.attempt([&] {
      database = of_stream(Sources::stated_in(stream, "database", option("database")),
                           context_.sources.stated_outside(option("database")), only);
    });
    if (!database) {
      missing_database(stream, "database");
      database = some_database();
    }
    const std::string name = stream.text_or("name", database->value.text);
    add_stream(stream, "name", name, cluster, *database);
    if (!stream.has("resume_tokens")) return;
    context_.attempt([&] { context_.config().streams.back().resume_tokens = read_tokens(stream); });
    if (context_.config().relay)
      context_.attempt([&] { stream.fail("resume_tokens", no_relay_from_tokens); });
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

  /// With one stream, a flag or variable overrides the file. With several it would make them all the same, so
  /// it applies only to streams that set no value.
  template <class Value>
  static std::optional<Value> of_stream(std::optional<Value> inside, std::optional<Value> outside,
                                        bool only) {
    if (only) return outside ? outside : inside;
    return inside ? inside : outside;
  }

  void check_stream_name(const Settings& settings, std::string_view key, const std::string& name) {
    if (const std::string why = why_no_name(name); !why.empty()) {
      settings.fail(key, fmt::format("invalid stream name '{}': {}", name, why));
    }
    for (const auto& other : context_.config().streams) {
      if (other.name != name) continue;
      settings.fail(key, fmt::format("two streams have the name '{}'; give each its own 'name'", name));
    }
  }

  /// `name_key` is the key that messages about the name point to.
  void add_stream(const Settings& settings, std::string_view name_key, const std::string& name,
                  const std::optional<Cluster>& stated, const Sourced& database) {
    const Cluster cluster = stated.value_or(Cluster{Sources::fallback(option("mongodb-uri")), false});
    const std::string& text = cluster.value.value.text;
    context_.attempt([&] { check_stream_name(settings, name_key, name); });
    if (cluster.in_file) {
      context_.list("streams." + name + ".uri_file", text, cluster.value.origin);
    } else {
      context_.list("streams." + name + ".uri", mask_uri(text), cluster.value.origin);
    }
    context_.list("streams." + name + ".database", database.value.text, database.origin);
    context_.config().streams.push_back({.name = name,
                                         .uri = cluster.in_file ? "" : text,
                                         .database = database.value.text,
                                         .rules = {},
                                         .uri_file = cluster.in_file ? text : ""});
    read_rules(settings, context_.config().streams.back());
  }

  void read_rules(const Settings& settings, StreamConfig& stream) {
    const std::vector<Settings> rules = settings.sections("rules");
    if (rules.size() > kMostRules) {
      settings.fail("rules", fmt::format("at most {} rules are allowed", kMostRules));
    }
    for (const auto& entry : rules) context_.attempt([&] { read_rule(entry, stream); });
  }

  void read_rule(const Settings& entry, StreamConfig& stream) {
    RuleConfig rule = rule_of(entry);
    for (const auto& other : stream.rules) {
      if (other.name == rule.name) entry.fail("name", fmt::format("two rules have the name '{}'", rule.name));
    }
    const bool enabled = entry.choice("enabled", {"true", "false"}, "true") == "true";
    context_.list("streams." + stream.name + ".rules." + rule.name,
                  rule.kind + (enabled ? "" : " (switched off)"), {Origin::Kind::file, entry.place("name")});
    if (enabled) stream.rules.push_back(std::move(rule));
  }

  LoadContext& context_;
};

}  // namespace

RuleConfig rule_of(const Settings& entry) {
  const std::string name = entry.text("name");
  if (const std::string why = why_no_name(name); !why.empty()) entry.fail("name", why);
  std::vector<std::string> kinds = entry.keys();
  std::erase(kinds, "name");
  std::erase(kinds, "enabled");
  if (kinds.empty()) {
    entry.fail("name",
               fmt::format("rule '{}' has no kind; add one, such as 'embed:', next to its name", name));
  }
  if (kinds.size() > 1) {
    entry.fail(kinds[1], fmt::format("rule '{}' has two kinds, '{}' and '{}'; a rule has only one kind (is "
                                     "this key indented too little?)",
                                     name, kinds[0], kinds[1]));
  }
  return {name, kinds[0], entry.section(kinds[0])};
}

void read_streams(LoadContext& context) {
  StreamsReader(context).read();
}

}  // namespace sluice::config
