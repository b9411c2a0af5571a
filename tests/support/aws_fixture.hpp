#pragma once

#include <string>
#include <vector>

#include "support/fixture.hpp"
#include "support/moto_server.hpp"
#include "support/sequences.hpp"

namespace sluice::test {

/// The imitation of AWS that all tests of a program share. Started at the first call.
MotoServer& shared_moto();

/// Tests with workers that publish to a FIFO queue, which is named after the test's database. Skipped where
/// moto cannot run, unless the environment variable CI is set: then they fail.
class AwsTest : public PipelineTest {
 protected:
  void SetUp() override;

  /// The imitation of this test: the shared one, unless it started its own.
  virtual MotoServer& moto() { return shared_moto(); }
  std::string queue() { return db().database() + ".fifo"; }

  /// A configuration file with one rule that publishes `items` to the queue, or to `target` (a section of the
  /// rule, on one line). `more`: further settings of the rule, one a line.
  std::string aws_file(const std::string& target = "", const std::vector<std::string>& more = {});
  std::vector<std::string> aws_flags();
  Worker& start_aws(const std::string& file, std::vector<std::string> flags = {});

  /// Takes what has arrived in the queue, and returns all that the test has taken so far. While moto does not
  /// answer, nothing is taken.
  const std::vector<QueueMessage>& messages();
  testing::AssertionResult holds(std::size_t count);
  /// The worker reports the service as down, for this reason.
  bool waits_for(const std::string& why);

  /// Inserts `documents` with n = 0 and writes n = 1, 2... `rounds` to each.
  void write_numbers(int documents, int rounds);
  /// Waits until nothing is missing, then checks the order. Duplicates are allowed up to a number.
  testing::AssertionResult told_in_order(std::size_t repetitions_allowed = 0);

 private:
  Sequences sequences();

  std::vector<QueueMessage> taken_;
};

}  // namespace sluice::test
