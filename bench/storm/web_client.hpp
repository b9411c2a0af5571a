#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "web_service.hpp"

namespace storm {

/// Sends requests that are there beforehand over so many connections that are kept open, each with one
/// request under way. Returns the seconds until the last one was answered.
double post_all(const WebService& service, const std::vector<std::string>& requests, std::size_t connections);

/// Requests of one event each, made to requests of `size` events as a rule's `batch` puts them together.
std::vector<std::string> in_batches(const std::vector<std::string>& singles, std::size_t size);

}  // namespace storm
