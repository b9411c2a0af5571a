#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/settings.hpp"

namespace sluice::config {

/// One fault of a configuration.
struct Problem {
  std::string file;  ///< "": what stands in no file, such as a flag
  int line = 0;      ///< counted from 1; 0: the file as a whole
  int column = 0;
  std::string message;

  /// `file:line:column: message`, without what is not known.
  std::string text() const;
};

using Problems = std::vector<Problem>;

/// A ConfigError that keeps its places. what() has a line for each problem.
class PlacedError : public ConfigError {
 public:
  explicit PlacedError(Problem problem);
  /// At least one.
  explicit PlacedError(Problems problems);

  const Problems& problems() const { return *problems_; }

 private:
  std::shared_ptr<const Problems> problems_;  ///< copying an exception must not throw
};

/// What an error says; one problem without a place where it keeps none.
Problems problems_of(const ConfigError& error);

void append(Problems& problems, const ConfigError& error);

/// In the order of their places; of those with one place the first.
Problems in_order(Problems problems);

}  // namespace sluice::config
