#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "workbench/mongo.hpp"

namespace sluice::test {

/// How the numbers of the documents arrived at a consumer. Each document was written with 0, 1, 2... in turn.
struct Sequences {
  std::size_t messages = 0;
  std::size_t repeated = 0;      ///< messages with a number that had arrived before
  std::size_t lost = 0;          ///< numbers up to the document's present one that never arrived
  std::size_t out_of_order = 0;  ///< numbers that arrived for the first time after a higher one
  std::size_t other_ids = 0;     ///< repetitions with another message id
  std::string first_wrong;
};

/// Checks the messages about the collection `items` that a consumer received.
class SequenceCheck {
 public:
  /// Adds the next message: its event, and the id by which the consumer could recognise a repetition.
  void add(const workbench::Document& event, const std::string& id);
  /// Compares with the present documents of `items`, and returns the result.
  Sequences finish(workbench::Mongo& db);

 private:
  void note(std::size_t& count, const std::string& what);

  Sequences result_;
  std::map<std::string, std::map<std::int64_t, std::string>> seen_;  ///< ids, by document and number
};

}  // namespace sluice::test
