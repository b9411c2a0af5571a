#pragma once

#include <mongoc/mongoc.h>

#include "sluice/error.hpp"

namespace sluice::mongo {

/// What an error is taken for when its code says nothing: a write's own fault, a reason to stop, or, where
/// our own books are kept (positions, leases, commits), something that passes: no event is to blame for it.
enum class Doing { writing, reading, storing };

/// Sorts an error by what can be done about it. `reply` may be null; it carries the server's error labels.
Error classify(const bson_error_t& error, const bson_t* reply, Doing doing);

/// The same for an error that the server put into a reply's writeErrors.
Error classify_code(std::int32_t code, std::string message, Doing doing);

/// Whether what was written is larger than the server can put into its oplog, which shows at the commit.
bool refuses_size(const Error& error);

/// Whether the server refuses the log-in or a right, as opposed to everything else that is fatal.
bool is_denial(const Error& error);

inline constexpr std::int32_t duplicate_key = 11000;
inline constexpr std::int32_t namespace_exists = 48;
inline constexpr std::int32_t write_conflict = 112;
inline constexpr std::int32_t object_too_large = 10334;
inline constexpr std::int32_t fragment_too_large = 7182500;

}  // namespace sluice::mongo
