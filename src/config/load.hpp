#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "config/options/options.hpp"
#include "config/problems.hpp"
#include "sluice/config.hpp"

namespace sluice::config {

struct YamlDocument;

/// A line of `sluice config`, with secrets masked.
struct Effective {
  std::string name;  ///< as in the file: `engine.lanes`, `streams.conduit.uri`
  std::string value;
  std::string origin;  ///< `flag --lanes`, `environment SHARD_COUNT`, `worker.yaml:3`, `default`
};

struct Loaded {
  Config config;
  std::vector<Effective> effective;
};

inline constexpr std::size_t kMostStreams = 64;
inline constexpr std::size_t kMostRules = 1000;

/// Reads the file, replaces variables in its values, applies environment and flags, and checks the result.
/// `flags` are keyed by option name (without `--`), `environment` by variable. Throws ConfigError with all
/// problems. The settings of rules are checked by rules::make_rules, not here.
Loaded load_file(const std::string& file, const Values& flags, const Values& environment);

/// The same for a text.
Loaded load_text(const std::string& yaml, const std::string& file_name, const Values& flags,
                 const Values& environment);

/// A configuration with all its problems.
struct Judged {
  Loaded loaded;  ///< the parts that could be read
  Problems problems;
};
Judged judge_text(const std::string& yaml, const std::string& file_name, const Values& flags,
                  const Values& environment);
Judged judge_document(std::shared_ptr<const YamlDocument> document, const Values& flags,
                      const Values& environment);

/// The text of a file, up to one byte more than parse_yaml allows. Throws ConfigError if the file cannot be
/// read.
std::string read_text(const std::string& file);

/// Reads an item of `rules`: its name, its kind and the settings under the key of its kind. Throws
/// ConfigError.
RuleConfig rule_of(const Settings& entry);

/// The names, as in the file, of the options that differ between two loads. Ignores streams.
std::vector<std::string> changed_options(const Loaded& before, const Loaded& now);

/// See Config::place_arguments. A secret flag is replaced by a reference to its environment variable.
std::string place_arguments(const std::string& file, const Values& flags);

/// The same as load_file, without the listing.
Config load(const std::string& file, const Values& flags, const Values& environment);

/// The output of `sluice config`.
std::string effective_text(const std::vector<Effective>& effective);

}  // namespace sluice::config
