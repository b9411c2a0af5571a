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
/// an invalid name, for a pattern, and for a name with the database in front.
std::string collection_name(const Settings& settings, std::string_view key, const std::string& database);

/// One name, or a list of several.
std::vector<std::string> collection_names(const Settings& settings, std::string_view key,
                                          const std::string& database);

/// The collections in a rule's `from`: by name, or by patterns.
struct From {
  std::vector<std::string> names;
  std::shared_ptr<const CollectionSet> set;  ///< by patterns; then `names` is empty
};

/// Reads `from`. `hidden`: collections that no pattern of this rule matches, in addition to
/// RuleConfig::hidden.
From read_from(const RuleConfig& rule, const std::string& database, std::vector<std::string> hidden = {});

}  // namespace sluice::rules
