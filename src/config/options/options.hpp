#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/options/origin.hpp"
#include "config/options/parse.hpp"
#include "config/options/texts.hpp"
#include "config/options/values.hpp"
#include "sluice/config.hpp"

namespace sluice::config {

enum class OptionType {
  text,
  secret,
  uri,
  nats_urls,
  redis_url,
  kafka_brokers,
  amqp_url,
  web_url,
  file,
  database,
  whole,
  choice,
  flag
};

/// A value that passed the checks of its option.
struct OptionValue {
  std::string text;
  long long number = 0;  ///< the whole number; for a choice its index; for a flag 0 or 1
};

/// One option, declared once in options/groups. Flags, environment variables, keys of the file, help,
/// `sluice config` and docs/options.md are all derived from this declaration.
struct Option {
  std::string_view group;      ///< heading in help and docs
  std::string_view name;       ///< the flag, without its `--`
  std::string_view env = {};   ///< empty: no environment variable
  std::string_view path = {};  ///< `section.key` in the file; empty: not in the file
  /// Another section and key that mean the same. A file states one of them.
  std::string_view other_path = {};
  OptionType type;
  std::string_view unit = {};      ///< for numbers
  std::string_view fallback = {};  ///< the default as written; empty: none
  long long least = 0;
  long long most = 0;
  std::span<const char* const> choices = {};
  std::string_view help;  ///< one or two sentences
  /// Stores the value in the configuration. Null for the options that belong to a stream: URI, URI file and
  /// database.
  void (*store)(Config&, const OptionValue&) = nullptr;
};

/// All options, in the order of help and docs.
std::span<const Option> options();

/// The option called `name`, which must exist.
const Option& option(std::string_view name);

}  // namespace sluice::config
