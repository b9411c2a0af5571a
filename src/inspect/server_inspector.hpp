#pragma once

#include <optional>
#include <string>

#include "inspect/stream_report.hpp"
#include "mongo/client.hpp"
#include "mongo/transaction.hpp"
#include "requirements/requirements.hpp"
#include "requirements/rights.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::inspect {

/// Checks a stream's MongoDB server: whether it can be reached, which user the worker is logged in as, and
/// whether its version has what the rules need. Blocks. All arguments must outlive it.
class ServerInspector {
 public:
  ServerInspector(const Config& config, const requirements::Rules& rules, const mongo::ClientPool& pool,
                  mongoc_client_t* client, const StreamReport& report)
      : config_(config), rules_(rules), pool_(pool), client_(client), report_(report) {}

  /// The rights of the worker's user. Absent if the server cannot be reached, is unsuitable or refuses the
  /// log-in; that has been reported then.
  std::optional<requirements::Rights> run();

 private:
  mongo::Reply ask(const std::string& database, bson::Builder& command);
  bool reaches_server();
  std::optional<requirements::Rights> find_rights();
  void look_at_version();
  void look_at_compatibility();

  const Config& config_;
  const requirements::Rules& rules_;
  const mongo::ClientPool& pool_;
  mongoc_client_t* client_;
  const StreamReport& report_;
  std::string set_;  ///< the replica set's name; empty for a sharded cluster
};

}  // namespace sluice::inspect
