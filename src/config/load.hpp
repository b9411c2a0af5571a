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

/// A line of `sluice config`. Secrets are masked already.
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

/// Reads the file, replaces the variables in its values, lays environment and flags over it and checks the
/// whole. `flags` are keyed by option name (without `--`), `environment` by variable. Throws ConfigError with
/// all problems. What a rule's settings mean is not looked
/// at here: rules::make_rules does.
Loaded load_file(const std::string& file, const Values& flags, const Values& environment);

/// The same for text that is at hand.
Loaded load_text(const std::string& yaml, const std::string& file_name, const Values& flags,
                 const Values& environment);

/// A text with all that is wrong with it.
struct Judged {
  Loaded loaded;  ///< what could be read of it
  Problems problems;
};
Judged judge_text(const std::string& yaml, const std::string& file_name, const Values& flags,
                  const Values& environment);
Judged judge_document(std::shared_ptr<const YamlDocument> document, const Values& flags,
                      const Values& environment);

/// A file's text, at most a little more than parse_yaml allows. Throws ConfigError where it cannot be read.
std::string read_text(const std::string& file);

/// A rule as an item of `rules:` states it: its name, and its settings under the key of its kind. Throws
/// ConfigError.
RuleConfig rule_of(const Settings& entry);

/// The options, by their names in the file, that differ between two loads; nothing of what stands in streams.
std::vector<std::string> changed_options(const Loaded& before, const Loaded& now);

/// See Config::place_arguments. A secret among the flags is named by its variable.
std::string place_arguments(const std::string& file, const Values& flags);

/// load_file without the listing.
Config load(const std::string& file, const Values& flags, const Values& environment);

/// The listing as `sluice config` prints it.
std::string effective_text(const std::vector<Effective>& effective);

}  // namespace sluice::config
