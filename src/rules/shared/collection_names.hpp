#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/collection_set.hpp"
#include "sluice/config.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// The name of one collection of `database` that a rule reads or writes. Throws ConfigError at its place for
/// what cannot be the name of one, for a pattern, and for a name with the database before it.
std::string collection_name(const Settings& settings, std::string_view key, const std::string& database);

/// One name, or a list of several.
std::vector<std::string> collection_names(const Settings& settings, std::string_view key,
                                          const std::string& database);

/// What `from` of a rule that tells of changes states: collections by name, or by patterns.
struct From {
  std::vector<std::string> names;
  std::shared_ptr<const CollectionSet> set;  ///< then there are no names
};

/// Reads `from`. `hidden`: collections that no pattern of this rule matches, besides those of the rule's
/// configuration.
From read_from(const RuleConfig& rule, const std::string& database, std::vector<std::string> hidden = {});

}  // namespace sluice::rules
