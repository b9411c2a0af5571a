#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "support/fixture.hpp"
#include "support/sequences.hpp"

namespace sluice::test {

/// Tests with workers that publish the changes of `items`, each of whose documents is written with n = 0, 1,
/// 2... in turn, and a consumer that checks what arrives.
class ConsumerTest : public PipelineTest {
 protected:
  ConsumerTest() = default;
  explicit ConsumerTest(ReplicaSet& server) : PipelineTest(server) {}

  /// The number of messages that a consumer could have by now; absent while that cannot be known.
  virtual std::optional<std::int64_t> count_messages() = 0;
  /// Adds all messages so far, in their order. Throws std::runtime_error if they cannot be read.
  virtual void read_into(SequenceCheck& check) = 0;

  /// Waits until there are at least `count` messages, as long as more arrive.
  testing::AssertionResult holds(std::int64_t count);
  /// Inserts `documents` with n = 0 and writes n = 1, 2... `rounds` to each.
  void write_numbers(int documents, int rounds);
  /// Writes the next number to each document.
  void write_rounds(int rounds);
  /// Somebody who writes new numbers until the object is destroyed, with a pause after each write.
  std::jthread writer(std::chrono::milliseconds pause = std::chrono::milliseconds(0));

  /// Each document of `items` must have come with every number up to its present one. Throws
  /// std::runtime_error if the messages cannot be read.
  Sequences sequences();
  /// Waits until nothing is missing, then checks order and repetitions.
  testing::AssertionResult told_in_order(std::size_t repetitions_allowed = 0);

  /// Waits until so many more messages have been published.
  testing::AssertionResult goes_on(double messages);
  /// Waits until the worker says that it waits for a server, and why.
  bool waits_for(const std::string& why);

 private:
  std::string last_story();
};

}  // namespace sluice::test
