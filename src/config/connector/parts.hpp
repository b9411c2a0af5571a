#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/connector/connector.hpp"

namespace sluice::config {

/// "" for a variable that is not set, or set to nothing.
std::string variable(const Values& environment, std::string_view name);

/// Checks the text of a variable like that of our option, and says so in that variable's name.
std::string checked_variable(const Values& environment, std::string_view name, std::string_view option_name,
                             std::string_view otherwise);

/// Whether a flag, or a variable of ours, says where MongoDB is.
bool cluster_stated(const ConnectorStart& start);
bool nats_stated(const ConnectorStart& start);

/// NATS servers may be stated as host:port alone.
std::string with_scheme(const std::string& servers);

/// Blanks at both ends are dropped, and so are empty items.
std::vector<std::string> comma_list(const std::string& text);

}  // namespace sluice::config
