#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/connector/connector.hpp"

namespace sluice::config {

/// The variable's value; "" if it is not set or empty.
std::string variable(const Values& environment, std::string_view name);

/// Checks a variable's value like that of our option. Messages name the variable.
std::string checked_variable(const Values& environment, std::string_view name, std::string_view option_name,
                             std::string_view otherwise);

/// Whether a flag or one of our own variables sets the address.
bool cluster_stated(const ConnectorStart& start);
bool nats_stated(const ConnectorStart& start);

/// Adds nats:// to servers that are given as host:port.
std::string with_scheme(const std::string& servers);

/// Trims the items and drops empty ones.
std::vector<std::string> comma_list(const std::string& text);

}  // namespace sluice::config
