#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/rule.hpp"
#include "sluice/settings.hpp"
#include "sluice/sink.hpp"

namespace sluice {

enum class SettingType : std::uint8_t {
  text,
  integer,
  number,   ///< a decimal number
  boolean,  ///< true or false
  texts,    ///< a text or a list of texts
  json,     ///< any YAML value, given to the factory as JSON
};

/// Declares one setting of a custom rule or sink.
struct SettingSpec {
  std::string name;  ///< lower-case letters, digits and underscores
  SettingType type = SettingType::text;
  std::string help = {};                     ///< one sentence, for `options` and for messages
  std::optional<std::string> fallback = {};  ///< as YAML would state it; absent: the setting is required
  std::vector<std::string> allowed = {};     ///< of a text: its possible values; empty: any
  std::int64_t least = std::numeric_limits<std::int64_t>::min();  ///< of an integer
  std::int64_t most = std::numeric_limits<std::int64_t>::max();   ///< of an integer
};

/// The settings that a rule or sink was declared with, as the YAML file states them, checked against their
/// declarations, with defaults filled in. Asking for a setting that was not declared, or by the wrong type,
/// throws std::logic_error. Immutable; valid until the factory returns.
class CustomSettings {
 public:
  using Value = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>>;

  /// Reads `specs` out of `settings`. Throws ConfigError, with file and line, for a missing setting, a wrong
  /// type, or a value out of its range. For the library and for tests of factories:
  /// `CustomSettings(Settings::parse("path: /tmp/x"), specs)`.
  CustomSettings(const Settings& settings, const std::vector<SettingSpec>& specs);

  const std::string& text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  bool boolean(std::string_view name) const;
  const std::vector<std::string>& texts(std::string_view name) const;
  const std::string& json(std::string_view name) const;

  /// Whether the file states the setting, rather than leaving it to its default.
  bool stated(std::string_view name) const;

  /// Throws ConfigError with the file and line of the setting, or of the rule if the file does not have the
  /// setting. For checks that a declaration cannot express:
  ///     settings.fail("path", "'path' must be absolute")
  [[noreturn]] void fail(std::string_view name, const std::string& message) const;

 private:
  const Value& value(std::string_view name) const;

  Settings settings_;
  std::map<std::string, Value, std::less<>> values_;
  std::vector<std::string> stated_;
};

/// What a rule's factory is given. References are valid until the factory returns.
struct RuleContext {
  std::string name;      ///< of the rule, in the file
  std::string database;  ///< that the rule's stream reads
  const CustomSettings& settings;
  /// The subscriptions that `from`, `operations`, `fields`, `when`, `full_document`, `before` and similar
  /// settings describe: usually what Rule::subscriptions() returns. Empty if RuleType::selects is false.
  std::vector<Subscription> subscriptions;
};

/// What a sink's factory is given. References are valid until the factory returns.
struct SinkContext {
  std::string rule;      ///< its name, in the file
  std::string database;  ///< that the rule's stream reads
  const CustomSettings& settings;
};

/// A kind of rule.
struct RuleType {
  std::string summary = {};  ///< one sentence, for `options`
  std::vector<SettingSpec> settings = {};
  /// The rule states in the file which collections and changes it reads (`from`, `operations`, `fields`,
  /// `where`, `when`, `full_document`, `before`, `redact`, `project`, `own_writes`), as built-in rules do.
  /// False: the rule's own code decides, and the file has none of these settings.
  bool selects = true;
  /// Makes a rule. No I/O: a worker and its commands make each rule several times. Called on any thread, one
  /// call at a time for each rule. Report settings that cannot be used by CustomSettings::fail(); any other
  /// exception is reported in the same way, at the place of the rule.
  std::function<std::unique_ptr<Rule>(const RuleContext&)> make;
};

/// A kind of sink. In the file it is a kind of rule: one that sends each change of the collections in `from`
/// to the sink.
struct SinkType {
  std::string summary = {};  ///< one sentence, for `options`
  std::vector<SettingSpec> settings = {};
  /// Makes a sink. No I/O: see Sink::open(). Otherwise like RuleType::make.
  std::function<std::unique_ptr<Sink>(const SinkContext&)> make;
};

/// Rules, sinks and metrics that a program adds to those of the library. It is filled before the
/// configuration is loaded, and immutable from then on: the library keeps a shared copy with the
/// configuration, and nothing is registered globally.
///
///     sluice::Extensions extensions;
///     extensions.add_rule("keywords", {.settings = {...}, .make = make_keywords_rule});
///     extensions.add_sink("file", {.settings = {...}, .make = make_file_sink});
///     return sluice::run_program(argc, argv, std::move(extensions));
///
/// and in the file
///
///     rules:
///       - name: article-keywords
///         keywords: { from: articles, text: title }
///       - name: order-log
///         file: { from: orders, path: /var/log/orders.jsonl }
///
/// Settings are checked as those of built-in rules are: an unknown key or a wrong type is an error with its
/// file and line.
class Extensions {
 public:
  /// Throws std::invalid_argument for a name that is taken by a built-in or registered kind or is not made of
  /// lower-case letters, digits and underscores, for a setting that is declared twice or has a name that
  /// all such rules have already (`from`, `operations`, ...), and for a missing factory.
  Extensions& add_rule(std::string name, RuleType type);

  /// Likewise. Rules and sinks share one set of names.
  Extensions& add_sink(std::string name, SinkType type);

  /// Adds text to /metrics, in the Prometheus text format 0.0.4: whole lines, with names that do not begin
  /// with `sluice_`. The function is called for each scrape, on the thread of the HTTP server, and must be
  /// quick. If it throws, /metrics says so in a comment and in `sluice_custom_metrics_failed`, and holds the
  /// rest. Throws std::invalid_argument for an empty function.
  Extensions& add_metrics(std::function<std::string()> text);

  /// Null for a name that is not registered.
  const RuleType* rule(std::string_view name) const;
  const SinkType* sink(std::string_view name) const;

  /// The names of all rules and sinks, sorted.
  std::vector<std::string> kinds() const;

  /// The texts of all functions of add_metrics(), one after the other.
  std::string metrics() const;

  /// The kinds and their settings, for people: what `options` prints. Empty if there are none.
  std::string help() const;

 private:
  void check_name(const std::string& name) const;

  std::map<std::string, RuleType, std::less<>> rules_;
  std::map<std::string, SinkType, std::less<>> sinks_;
  std::vector<std::function<std::string()>> metrics_;
};

}  // namespace sluice
