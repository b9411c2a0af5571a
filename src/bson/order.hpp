#pragma once

#include <compare>

#include "sluice/bson.hpp"

namespace sluice::bson {

/// The order in which the server sorts values under the simple collation, of whatever types: 1 and 1.0 are
/// equivalent. Only of the deprecated types DBPointer and code with a scope the order is not the server's.
std::weak_ordering server_order(const Value& a, const Value& b);

}  // namespace sluice::bson
