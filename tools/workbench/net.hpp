#pragma once

#include <map>
#include <string>
#include <vector>

namespace workbench {

/// Reserves a free port of 127.0.0.1 for the lifetime of this object: no other Port object on the machine
/// gets it. It is below the range that the kernel uses for outgoing connections, so that a stopped server
/// finds its port free again.
class Port {
 public:
  Port();
  ~Port();
  Port(Port&& other) noexcept;
  Port& operator=(Port&& other) noexcept;
  int number() const { return number_; }
  std::string text() const { return std::to_string(number_); }

 private:
  int number_ = 0;
  int lock_ = -1;
};

struct HttpReply {
  int status = 0;  ///< 0: no reply, or only a part of one
  std::string body;
};

/// Whether a server accepts connections on this port of 127.0.0.1.
bool listens(int port);

/// Sends a GET request to this port of 127.0.0.1. Waits up to 5 s for a reply.
HttpReply http_get(int port, const std::string& path);

/// The series of a page in Prometheus's text format, by name and labels as written there.
class Metrics {
 public:
  explicit Metrics(const std::string& page);
  /// The sum over all series of that name whose text contains `label`.
  double sum(const std::string& name, const std::string& label = "") const;
  bool has(const std::string& name) const;

 private:
  std::map<std::string, double> series_;
};

}  // namespace workbench
