#pragma once

#include <string>

#include "workbench/document.hpp"

namespace sluice::test {

/// The document as JSON with the fields of every level in order of their names: two documents that differ
/// only in the order of their fields read the same.
std::string sorted_json(const workbench::Document& document);

}  // namespace sluice::test
