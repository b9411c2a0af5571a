#pragma once

#include <map>
#include <string>
#include <string_view>

namespace storm {

/// A histogram's counts by upper bound, not cumulative.
struct Histogram {
  std::map<double, double> buckets;
  double count = 0;
  double sum = 0;

  Histogram since(const Histogram& earlier) const;
  /// Interpolated within the bucket that holds it; 0 of an empty histogram.
  double percentile(double share) const;
  /// The upper bound of the highest bucket in use: the true maximum is at most this.
  double max_bound() const;
  double mean() const { return count > 0 ? sum / count : 0; }
};

/// One reading of /metrics: every series summed over its labels.
class Metrics {
 public:
  static Metrics parse(std::string_view text);

  double value(const std::string& name) const;
  double value_with(const std::string& name,
                    std::string_view label) const;  ///< series whose labels hold this
  Histogram histogram(const std::string& name) const;

  double read() const { return value("sluice_events_read_total"); }
  /// Events that have met their end.
  double resolved() const;

 private:
  std::map<std::string, double> series_;  ///< name{labels} -> value
};

/// GET a path of a server on loopback. Empty when nobody answers.
std::string http_get(int port, const std::string& path);

}  // namespace storm
