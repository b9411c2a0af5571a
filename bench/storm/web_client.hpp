#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "web_service.hpp"

namespace storm {

/// Sends prepared requests over `connections` persistent connections, each with one request in flight.
/// Returns the seconds until the last one was answered.
double post_all(const WebService& service, const std::vector<std::string>& requests, std::size_t connections);

/// Combines requests of one event each into requests of `size` events, in the format of a rule with `batch`.
std::vector<std::string> in_batches(const std::vector<std::string>& singles, std::size_t size);

}  // namespace storm
