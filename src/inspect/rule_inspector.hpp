#pragma once

#include <string>

#include "inspect/stream_report.hpp"
#include "requirements/fitness.hpp"
#include "requirements/requirements.hpp"
#include "requirements/rights.hpp"

namespace sluice::inspect {

/// Checks the collections and indexes of a stream's rules: whether they exist, whether they are as the rules
/// need them, and whether the worker has the rights to use or create them. Blocks. All arguments must outlive
/// it.
class RuleInspector {
 public:
  RuleInspector(const Config& config, const StreamConfig& stream, const requirements::Rights& rights,
                mongoc_client_t* client, const StreamReport& report)
      : config_(config),
        stream_(stream),
        rights_(rights),
        client_(client),
        shape_(client, stream.database),
        report_(report) {}

  void run(const Rule& rule);

 private:
  void look_at_source(const Rule& rule, const requirements::NamedCollection& named, bool needs_images);
  void look_at_set(const Rule& rule, const Subscription& subscription);
  void look_at_target(const Rule& rule, const requirements::NamedCollection& named);
  void look_at_index(const Rule& rule, const IndexNeed& need);
  void say_unseen(const Rule& rule, const requirements::NamedCollection& named, bool needed,
                  const Error& error);
  void say_absent(const Rule& rule, const std::string& name);
  void say_without_pre_images(const Rule& rule, const std::string& name);

  const Config& config_;
  const StreamConfig& stream_;
  const requirements::Rights& rights_;
  mongoc_client_t* client_;
  requirements::DatabaseShape shape_;
  const StreamReport& report_;
};

}  // namespace sluice::inspect
