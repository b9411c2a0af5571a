#pragma once

#include <string>

#include "workbench/document.hpp"

namespace sluice::test {

/// The document as JSON with the fields of every level sorted by name, so that documents which differ only in
/// the order of fields are equal.
std::string sorted_json(const workbench::Document& document);

}  // namespace sluice::test
