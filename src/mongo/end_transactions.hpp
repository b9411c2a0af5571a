#pragma once

#include <functional>
#include <string_view>

#include "mongo/client.hpp"

namespace sluice::mongo {

/// A transaction that some client has open on the server.
struct OpenTransaction {
  std::string_view application;  ///< the name that its client's connections were opened under
  std::int64_t idle_ms = 0;      ///< since its last statement
};

/// Ends the sessions whose open transactions `condemned` picks out. What cannot be ended (no permission) the
/// server ends by itself after transactionLifetimeLimitSeconds, so errors are of no consequence.
void end_transactions(mongoc_client_t* client, const std::function<bool(const OpenTransaction&)>& condemned);

}  // namespace sluice::mongo
