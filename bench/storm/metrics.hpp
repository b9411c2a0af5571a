#pragma once

#include <map>
#include <string>
#include <string_view>

namespace storm {

/// A histogram: counts by upper bound, not cumulative.
struct Histogram {
  std::map<double, double> buckets;
  double count = 0;
  double sum = 0;

  Histogram since(const Histogram& earlier) const;
  /// Interpolated within its bucket; 0 if the histogram is empty.
  double percentile(double share) const;
  /// The upper bound of the highest bucket in use: the true maximum is at most this.
  double max_bound() const;
  double mean() const { return count > 0 ? sum / count : 0; }
};

/// The series of one reply of /metrics. Values are summed over labels.
class Metrics {
 public:
  static Metrics parse(std::string_view text);

  double value(const std::string& name) const;
  double value_with(const std::string& name,
                    std::string_view label) const;  ///< only series whose labels contain this
  Histogram histogram(const std::string& name) const;

  double read() const { return value("sluice_events_read_total"); }
  /// Resolved events: applied, published, filtered, or dead letters.
  double resolved() const;

 private:
  std::map<std::string, double> series_;  ///< name{labels} -> value
};

/// The body of a GET reply from a server on loopback; empty if there is no reply.
std::string http_get(int port, const std::string& path);

}  // namespace storm
