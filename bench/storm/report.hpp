#pragma once

#include <string>
#include <vector>

#include "json_value.hpp"
#include "measure.hpp"
#include "options.hpp"

namespace storm {

/// A summary of repeated measurements: the median, and the extremes, which show how reliable it is.
struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;
};
Spread spread(std::vector<double> values);
/// The value below which so large a share of the sorted values lies: 0.5 for the median. Not for an empty
/// list.
double quantile(const std::vector<double>& sorted, double share);
Json json_of(const Spread& spread);

/// The beginning of every result file: the command, the date, versions, processors.
Json heading(const Options& options, const Server& server);
Json json_of(const Run& run);
Json json_of(const Histogram& histogram);

/// Writes the result file and returns its path.
std::string save(const Options& options, const std::string& default_name, const Json& json);

/// A text table. The first column is left-aligned, the others are right-aligned.
class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string grouped(double value);                ///< 12,345
std::string fixed(double value, int digits = 1);  ///< 12.3
std::string milliseconds(double seconds);         ///< 12 ms

}  // namespace storm
