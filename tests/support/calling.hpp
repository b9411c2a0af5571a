#pragma once

#include <string>
#include <vector>

#include "support/fixture.hpp"
#include "support/sequences.hpp"
#include "support/web_service.hpp"

namespace sluice::test {

/// Tests with workers that call a web service in the test's process.
class CallingTest : public PipelineTest {
 protected:
  CallingTest() : CallingTest(shared_server()) {}
  explicit CallingTest(ReplicaSet& server) : PipelineTest(server), service_({.port = port_.number()}) {}

  WebService& service() { return service_; }
  /// A configuration file with one webhook rule `hook` that sends the changes of `items` to this service (or
  /// to `origin`), with these additional settings.
  std::string hook_file(const std::string& settings = "", const std::string& origin = "") const;

  /// Waits until the service has received so many requests.
  bool comes(std::size_t requests);
  /// The requests that the service answered with 2xx.
  std::vector<WebRequest> taken() const;
  /// Inserts `documents` with n = 0 and writes n = 1, 2... `rounds` to each.
  void write_numbers(int documents, int rounds);
  void write_rounds(int rounds);
  /// Checks the requests that were taken: each document of `items` must have come with every number up to its
  /// present one.
  Sequences sequences();
  /// Waits until nothing is missing. Then checks the order, and that repeated requests had the same
  /// idempotency key.
  testing::AssertionResult told_in_order(std::size_t repetitions_allowed = 0);
  /// Waits until /readyz reports that the worker is degraded, with a reason that contains `why`.
  bool waits_for(const std::string& why);
  double results(const std::string& result) const {
    return metric("sluice_webhook_requests_total", "result=\"" + result + "\"");
  }

 private:
  workbench::Port port_;
  WebService service_;
};

}  // namespace sluice::test
