#pragma once

#include <functional>
#include <string_view>

#include "mongo/client.hpp"

namespace sluice::mongo {

/// A transaction that a client has open on the server.
struct OpenTransaction {
  std::string_view application;  ///< appName of the client that opened it
  std::int64_t idle_ms = 0;      ///< since its last statement
};

/// Kills the sessions whose open transactions `condemned` selects. Errors, such as a missing right, are
/// ignored: the server itself ends a transaction after transactionLifetimeLimitSeconds.
void end_transactions(mongoc_client_t* client, const std::function<bool(const OpenTransaction&)>& condemned);

}  // namespace sluice::mongo
