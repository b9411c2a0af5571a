#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "workbench/mongo.hpp"

namespace sluice::test {

/// How the numbers of the documents came to a consumer: each document's were written as 0, 1, 2...
struct Sequences {
  std::size_t messages = 0;
  std::size_t repeated = 0;      ///< seen before
  std::size_t lost = 0;          ///< never seen, though a later one was, or the last is known
  std::size_t out_of_order = 0;  ///< seen for the first time behind a later one
  std::size_t other_ids = 0;     ///< repeated under another id
  std::string first_wrong;
};

/// Puts together how a consumer was told of the collection `items`.
class SequenceCheck {
 public:
  /// The next event that it was told of, and the id by which it could drop a repetition.
  void add(const workbench::Document& event, const std::string& id);
  /// With what stands in `items` now.
  Sequences finish(workbench::Mongo& db);

 private:
  void note(std::size_t& count, const std::string& what);

  Sequences result_;
  std::map<std::string, std::map<std::int64_t, std::string>> seen_;  ///< ids, by document and number
};

}  // namespace sluice::test
