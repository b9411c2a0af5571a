#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::rules {

/// The rules of a stream, in the order of the file. Throws ConfigError, with the place, for a kind that does
/// not exist and for settings that its rule cannot use.
std::vector<std::unique_ptr<Rule>> make_rules(const StreamConfig& stream);

/// The same for a worker whose streams are read in `parts` shards or partitions. Throws ConfigError also for
/// a rule whose order of effects several readers could not keep.
std::vector<std::unique_ptr<Rule>> make_rules(const StreamConfig& stream, int parts);

/// One of them without its neighbours.
std::vector<std::unique_ptr<Rule>> make_rule(const StreamConfig& stream, const std::string& name);

/// Whether the rule calls a server that nobody else is to wait for (rules/apart.hpp).
bool stands_apart(const RuleConfig& rule);

/// Whether the rule publishes: such rules share a server, and so a stream (rules/apart.hpp).
bool publishes(const RuleConfig& rule);

/// The built-in kinds of rules.
std::vector<std::string> kinds();

// One factory a rule, in the rule's own file. `database` is the stream's.
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

/// Whether two paths are the same, or one holds the other.
bool overlap(const std::string& one, const std::string& other);

/// Refuses a counter that stands in the id, or in the very field that the rule counts by: it would set itself
/// off. `counter` is the key that states its field.
void check_counter(const Settings& settings, std::string_view counter, const CounterPlan& plan,
                   const std::string& from, const std::string& counted);

/// Refuses a path with an array in it, for rules that read one value of a document.
std::string plain_path(const Settings& settings, std::string_view key);

/// Refuses what cannot be the path of a field: an empty name in it, or a name that starts with $.
void check_path(const Settings& settings, std::string_view key, const std::string& path);

/// The seed that makes the keys of one collection's documents differ from those of another's.
std::uint64_t key_seed(const std::string& database, const std::string& collection);

/// The reason that a rule gives when it needs the document as it was and the server has it no more.
extern const char* const no_pre_image;
inline constexpr std::int32_t no_pre_image_code = 47;  ///< the server's NoMatchingDocument

/// The reason when the update's names can be read in two ways, of which only one is about the rule's field.
extern const char* const unclear_update;
inline constexpr std::int32_t unclear_update_code = 57;  ///< the server's DottedFieldName

}  // namespace sluice::rules
