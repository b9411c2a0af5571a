#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/collection_set.hpp"
#include "sluice/config.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// The name of a collection of `database` that a rule reads or writes. Throws ConfigError, with the place,
/// for invalid names, patterns, and names that begin with the database's name.
std::string collection_name(const Settings& settings, std::string_view key, const std::string& database);

/// One name or a list of names.
std::vector<std::string> collection_names(const Settings& settings, std::string_view key,
                                          const std::string& database);

/// The setting `from` of a publishing rule: collections by name or by patterns.
struct From {
  std::vector<std::string> names;
  std::shared_ptr<const CollectionSet> set;  ///< set if patterns were given; then `names` is empty
};

/// Reads `from`. `hidden`: collections that this rule's patterns must not match, in addition to those that
/// the configuration hides.
From read_from(const RuleConfig& rule, const std::string& database, std::vector<std::string> hidden = {});

}  // namespace sluice::rules
