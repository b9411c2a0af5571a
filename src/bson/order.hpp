#pragma once

#include <compare>

#include "sluice/bson.hpp"

namespace sluice::bson {

/// The order in which the server sorts values of any types under the simple collation; 1 and 1.0 are
/// equivalent. It differs from the server's only for the deprecated types DBPointer and code with scope.
std::weak_ordering server_order(const Value& a, const Value& b);

}  // namespace sluice::bson
