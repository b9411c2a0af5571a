#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::rules {

/// The rules of a stream, in the order of the file. Throws ConfigError, with the place in the file, for
/// unknown kinds and invalid settings.
std::vector<std::unique_ptr<Rule>> make_rules(const StreamConfig& stream);

/// The same for a worker that divides its streams into `parts` shards or partitions. Throws ConfigError also
/// for a rule that orders changes of different documents, since several readers cannot keep such an order.
std::vector<std::unique_ptr<Rule>> make_rules(const StreamConfig& stream, int parts);

/// Only the stream's rule with this name.
std::vector<std::unique_ptr<Rule>> make_rule(const StreamConfig& stream, const std::string& name);

/// Whether the rule calls a server of its own and so runs in a stream of its own (rules/shared/apart.hpp).
bool stands_apart(const RuleConfig& rule);

/// Whether the rule publishes messages. Such rules share a server, and so a stream (rules/shared/apart.hpp).
bool publishes(const RuleConfig& rule);

/// The built-in kinds of rules.
std::vector<std::string> kinds();

// One factory for each kind of rule, in the rule's own file. `database` is the stream's.
using Factory = std::unique_ptr<Rule> (*)(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_cache(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_embed(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_handler(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_event_store(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_write(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_count(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_publish(const RuleConfig& rule, const std::string& database);
/// A rule of the kind `publish` with a section `kafka`.
std::unique_ptr<Rule> make_kafka_publish(const RuleConfig& rule, const std::string& database);
/// A rule of the kind `publish` with a section `rabbitmq`.
std::unique_ptr<Rule> make_rabbitmq_publish(const RuleConfig& rule, const std::string& database);
/// A rule of the kind `publish` with a section `sqs`, `sns` or `eventbridge`.
std::unique_ptr<Rule> make_aws_publish(const RuleConfig& rule, const std::string& database);
/// Whether the settings of a rule of the kind `publish` have such a section.
bool publishes_to_aws(const Settings& settings);
std::unique_ptr<Rule> make_tally(const RuleConfig& rule, const std::string& database);
std::unique_ptr<Rule> make_webhook(const RuleConfig& rule, const std::string& database);

/// Whether two paths are equal, or one contains the other.
bool overlap(const std::string& one, const std::string& other);

/// Refuses a counter in the _id, or in the field that the rule counts by, where each count would trigger the
/// rule again. `counter` is the setting that states the counter's field.
void check_counter(const Settings& settings, std::string_view counter, const CounterPlan& plan,
                   const std::string& from, const std::string& counted);

/// Reads a path. Refuses one with an array ([]), for rules that read one value of a document.
std::string plain_path(const Settings& settings, std::string_view key);

/// Refuses a text that cannot be the path of a field: one with an empty name, or with a name that starts with
/// $.
void check_path(const Settings& settings, std::string_view key, const std::string& path);

/// The seed of the keys of a collection's documents. It makes them differ from those of other collections.
std::uint64_t key_seed(const std::string& database, const std::string& collection);

/// The reason of a dead letter if a rule needs the pre-image and the server does not have it.
extern const char* const no_pre_image;
inline constexpr std::int32_t no_pre_image_code = 47;  ///< the server's NoMatchingDocument

/// The reason of a dead letter if an update's names can be read in two ways, of which only one concerns the
/// rule's field.
extern const char* const unclear_update;
inline constexpr std::int32_t unclear_update_code = 57;  ///< the server's DottedFieldName

}  // namespace sluice::rules
