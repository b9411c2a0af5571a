#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::rules {

/// The rules of a stream, in the order of the file. Throws ConfigError, with the place, for unknown kinds and
/// for settings that a rule cannot use.
std::vector<std::unique_ptr<Rule>> make_rules(const StreamConfig& stream);

/// The same for a worker whose streams are divided into `parts` shards or partitions. Also throws ConfigError
/// for a rule whose order of effects several readers could not keep.
std::vector<std::unique_ptr<Rule>> make_rules(const StreamConfig& stream, int parts);

/// Makes a single rule.
std::vector<std::unique_ptr<Rule>> make_rule(const StreamConfig& stream, const std::string& name);

/// Whether the rule calls a server whose delays must not affect other rules (rules/shared/apart.hpp).
bool stands_apart(const RuleConfig& rule);

/// Whether the rule publishes messages. Such rules use the same server, and so the same stream
/// (rules/shared/apart.hpp).
bool publishes(const RuleConfig& rule);

/// The built-in kinds of rules.
std::vector<std::string> kinds();

// One factory for each rule, in the rule's own file. `database`: the stream's database.
using Factory = std::unique_ptr<Rule> (*)(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_cache(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_embed(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_handler(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_event_store(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_write(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_count(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_publish(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_tally(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_webhook(const RuleConfig& rule, const std::string& database);

/// Whether two paths are equal, or one contains the other.
bool overlap(const std::string& one, const std::string& other);

/// Rejects a counter in the _id, or in the field that the rule reads, because its updates would trigger the
/// rule again. `counter`: the setting that names the counter's field.
void check_counter(const Settings& settings, std::string_view counter, const CounterPlan& plan,
                   const std::string& from, const std::string& counted);

/// Rejects a path with an array in it, for rules that read a single value.
std::string plain_path(const Settings& settings, std::string_view key);

/// Rejects what cannot be a field's path: an empty name, or a name that starts with $.
void check_path(const Settings& settings, std::string_view key, const std::string& path);

/// A seed that makes the keys of documents in different collections differ.
std::uint64_t key_seed(const std::string& database, const std::string& collection);

/// The reason of dead letters for events whose pre-image the rule needs and the server does not have.
extern const char* const no_pre_image;
inline constexpr std::int32_t no_pre_image_code = 47;  ///< the server's NoMatchingDocument

/// The reason if a name in an update can be read in two ways, and only one of them concerns the rule's field.
extern const char* const unclear_update;
inline constexpr std::int32_t unclear_update_code = 57;  ///< the server's DottedFieldName

}  // namespace sluice::rules
