#pragma once

#include <string>
#include <vector>

namespace workbench {

/// Waits until each host answers, makes them one replica set (unless they are one already), and waits for a
/// primary that accepts writes. Throws if a wait takes more than a minute. `options` (`name=value&...`) are
/// added to the URIs by which it connects.
void initiate_replica_set(const std::string& name, const std::vector<std::string>& hosts,
                          const std::string& options = "");

/// The connection string of a replica set.
std::string replica_set_uri(const std::string& name, const std::vector<std::string>& hosts);

}  // namespace workbench
