#pragma once

#include <string>

#include "operations/relay_status.hpp"

namespace sluice::cli {

/// What `sluice cluster status` prints of a relay. Pure functions.
std::string relay_text(const operations::RelayStatus& relay);
std::string relay_json(const operations::RelayStatus& relay);

}  // namespace sluice::cli
