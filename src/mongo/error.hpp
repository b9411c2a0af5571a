#pragma once

#include <mongoc/mongoc.h>

#include "sluice/error.hpp"

namespace sluice::mongo {

/// What was being done when an error occurred. This decides the kind of an error whose code is not known:
/// writing gives own_fault, reading gives fatal. Storing is for Sluice's own records (positions, leases,
/// commits) and gives transient, because no event is to blame.
enum class Doing { writing, reading, storing };

/// What to check if the driver finds no suitable server.
inline constexpr const char* no_server_advice =
    "check that the server runs at this address and that no firewall is in between, that the replica set's "
    "name in the URI (replicaSet) is right, that the set is initiated (rs.initiate()) and has a primary, and "
    "that both sides use TLS or neither";

/// Classifies an error by what can be done about it. `reply` may be null; it carries the server's error
/// labels.
Error classify(const bson_error_t& error, const bson_t* reply, Doing doing);

/// The same for an error in the writeErrors of a reply.
Error classify_code(std::int32_t code, std::string message, Doing doing);

/// Whether a transaction's writes are larger than the server can put into its oplog. The server reports that
/// at the commit.
bool refuses_size(const Error& error);

/// Whether the error is fatal because the server refused the log-in or a right.
bool is_denial(const Error& error);

/// Whether another transaction, or the same insert of another process, came first.
bool is_conflict(const Error& error);

inline constexpr std::int32_t duplicate_key = 11000;
inline constexpr std::int32_t namespace_exists = 48;
inline constexpr std::int32_t write_conflict = 112;
inline constexpr std::int32_t object_too_large = 10334;
inline constexpr std::int32_t fragment_too_large = 7182500;

}  // namespace sluice::mongo
