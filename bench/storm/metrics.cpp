#include "metrics.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>

namespace storm {
namespace {

class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string_view name_of(std::string_view series) {
  return series.substr(0, series.find('{'));
}

/// The value of the label `le`; infinity if the series has none.
double bound_of(std::string_view series) {
  const std::size_t at = series.find("le=\"");
  if (at == std::string_view::npos) return std::numeric_limits<double>::infinity();
  return std::strtod(series.data() + at + 4, nullptr);  // stops at the quote, and accepts "+Inf"
}

}  // namespace

Histogram Histogram::since(const Histogram& earlier) const {
  Histogram out = *this;
  out.count -= earlier.count;
  out.sum -= earlier.sum;
  for (const auto& [bound, n] : earlier.buckets) out.buckets[bound] -= n;
  return out;
}

double Histogram::percentile(double share) const {
  const double wanted = share * count;
  double below = 0;
  double lower = 0;
  for (const auto& [bound, n] : buckets) {
    if (n > 0 && below + n >= wanted) {
      if (bound == std::numeric_limits<double>::infinity()) return lower;
      return lower + (bound - lower) * (wanted - below) / n;
    }
    below += n;
    if (bound != std::numeric_limits<double>::infinity()) lower = bound;
  }
  return 0;
}

double Histogram::max_bound() const {
  double out = 0;
  for (const auto& [bound, n] : buckets)
    if (n > 0) out = bound;
  return out;
}

Metrics Metrics::parse(std::string_view text) {
  Metrics out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    // Labels may contain spaces, so the value follows the last one.
    const std::size_t space = line.rfind(' ');
    if (space == std::string_view::npos) continue;
    out.series_[std::string(line.substr(0, space))] +=
        std::strtod(std::string(line.substr(space)).c_str(), nullptr);
  }
  return out;
}

double Metrics::value(const std::string& name) const {
  return value_with(name, "");
}

double Metrics::value_with(const std::string& name, std::string_view label) const {
  double sum = 0;
  for (auto at = series_.lower_bound(name); at != series_.end() && at->first.starts_with(name); ++at)
    if (name_of(at->first) == name && at->first.find(label) != std::string::npos) sum += at->second;
  return sum;
}

Histogram Metrics::histogram(const std::string& name) const {
  Histogram out;
  const std::string bucket = name + "_bucket";
  for (auto at = series_.lower_bound(bucket); at != series_.end() && at->first.starts_with(bucket); ++at)
    out.buckets[bound_of(at->first)] += at->second;
  double below = 0;
  for (auto& [bound, n] : out.buckets) below += n -= below;
  out.count = value(name + "_count");
  out.sum = value(name + "_sum");
  return out;
}

double Metrics::resolved() const {
  double sum = 0;
  for (const char* end : {"applied", "published", "filtered", "dead"})
    sum += value(std::string("sluice_events_") + end + "_total");
  return sum;
}

std::string http_get(int port, const std::string& path) {
  const Socket socket;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  if (send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string reply;
  char part[65536];
  for (ssize_t n; (n = recv(socket.fd(), part, sizeof part, 0)) > 0;)
    reply.append(part, static_cast<std::size_t>(n));
  const std::size_t head = reply.find("\r\n\r\n");
  return head == std::string::npos ? std::string() : reply.substr(head + 4);
}

}  // namespace storm
