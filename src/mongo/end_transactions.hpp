#pragma once

#include <string>

#include "mongo/client.hpp"

namespace sluice::mongo {

/// Ends the sessions in which clients of this application name have transactions open. What cannot be ended
/// (no permission) the server ends by itself after transactionLifetimeLimitSeconds, so errors are of no
/// consequence.
void end_transactions(mongoc_client_t* client, const std::string& application);

}  // namespace sluice::mongo
