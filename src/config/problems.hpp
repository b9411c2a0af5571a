#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/settings.hpp"

namespace sluice::config {

/// One problem in a configuration.
struct Problem {
  std::string file;  ///< "" if the value is not from a file
  int line = 0;      ///< counted from 1; 0 for the file as a whole
  int column = 0;
  std::string message;

  /// `file:line:column: message`, without the parts that are not known.
  std::string text() const;
};

using Problems = std::vector<Problem>;

/// A ConfigError with places. what() has one line for each problem.
class PlacedError : public ConfigError {
 public:
  explicit PlacedError(Problem problem);
  /// `problems` must not be empty.
  explicit PlacedError(Problems problems);

  const Problems& problems() const { return *problems_; }

 private:
  std::shared_ptr<const Problems> problems_;  ///< copying an exception must not throw
};

/// The problems of an error; one problem without a place for a plain ConfigError.
Problems problems_of(const ConfigError& error);

void append(Problems& problems, const ConfigError& error);

/// Sorted by place. Keeps only the first problem at each place.
Problems in_order(Problems problems);

}  // namespace sluice::config
