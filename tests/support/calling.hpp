#pragma once

#include <string>
#include <vector>

#include "support/fixture.hpp"
#include "support/sequences.hpp"
#include "support/web_service.hpp"

namespace sluice::test {

/// Workers that call a web service of the test's own.
class CallingTest : public PipelineTest {
 protected:
  CallingTest() : CallingTest(shared_server()) {}
  explicit CallingTest(ReplicaSet& server) : PipelineTest(server), service_({.port = port_.number()}) {}

  WebService& service() { return service_; }
  /// The file of one rule `hook` that tells this service (or another one) of `items`, with these settings
  /// besides.
  std::string hook_file(const std::string& settings = "", const std::string& origin = "") const;

  /// Waits until the service was asked so often.
  bool comes(std::size_t requests);
  /// Those that the service answered with 2xx.
  std::vector<WebRequest> taken() const;
  /// Inserts `documents` with n = 0 and writes n = 1, 2... `rounds` to each.
  void write_numbers(int documents, int rounds);
  void write_rounds(int rounds);
  /// Of what the service took; every document of `items` must have come with each number up to its last.
  Sequences sequences();
  /// Waits until nothing is missing; then looks at order, and that whatever came twice came with the same
  /// key.
  testing::AssertionResult told_in_order(std::size_t repetitions_allowed = 0);
  /// Waits until the worker says that it waits, and why.
  bool waits_for(const std::string& why);
  double results(const std::string& result) const {
    return metric("sluice_webhook_requests_total", "result=\"" + result + "\"");
  }

 private:
  workbench::Port port_;
  WebService service_;
};

}  // namespace sluice::test
