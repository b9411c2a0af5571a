#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/config.hpp"

namespace sluice::config {

enum class OptionType { text, secret, uri, nats_urls, redis_url, file, database, whole, choice, flag };

/// A value that passed its option's checks.
struct OptionValue {
  std::string text;
  long long number = 0;
};

/// One option, declared once: flags, environment, file, help, `sluice config` and docs/options.md come from
/// it.
struct Option {
  std::string_view group;  ///< heading in help and docs
  std::string_view name;   ///< the flag, without its `--`
  std::string_view env;    ///< "": not from the environment
  std::string_view path;   ///< `section.key` in the file; "": not from the file
  OptionType type;
  std::string_view unit;      ///< for numbers
  std::string_view fallback;  ///< the default as written; "": none
  long long least = 0;
  long long most = 0;
  std::vector<std::string> choices;
  std::string_view help;  ///< one sentence
  /// Puts the value in its place. Null for the options that belong to a stream (URI or its file, database).
  void (*store)(Config&, const OptionValue&);
};

/// All options, in the order of help and docs.
std::span<const Option> options();

/// The option of that name. The name must be one of the table's.
const Option& option(std::string_view name);

/// Where a value came from.
struct Origin {
  enum class Kind { flag, environment, file, fallback };
  Kind kind = Kind::fallback;
  std::string where;  ///< `--lanes`, `SHARD_COUNT`, `worker.yaml:3:5`

  /// As `sluice config` shows it: `flag --lanes`, `environment SHARD_COUNT`, `worker.yaml:3`, `default`.
  std::string shown() const;
  /// As the start of a message: the same, with the column for an editor to jump to.
  std::string prefix() const;
  /// Throws ConfigError with this as its place.
  [[noreturn]] void fail(const std::string& message) const;
};

/// Checks `text` against its option. Throws ConfigError: one sentence with the origin and what is allowed.
OptionValue parse_value(const Option& option, const std::string& text, const Origin& origin);

/// The value as it may be shown to anybody.
std::string shown_value(const Option& option, const std::string& text);

/// What the option takes, in words: `a whole number from 1 to 256`, `create or warn`.
std::string allowed_text(const Option& option);

/// As help shows it: `ms, default 5`.
std::string unit_and_default(const Option& option);

/// The options by heading, for a command's help: a line each, of those that `shown` lets through.
std::string options_help(bool (*shown)(const Option&));

/// The same with the names that environment and file know them by, for `sluice options`.
std::string options_text();

/// docs/options.md.
std::string options_markdown();

using Values = std::map<std::string, std::string, std::less<>>;

/// The variables of this process. To an option, one that is set but empty counts as not set.
Values process_environment();

}  // namespace sluice::config
