#pragma once

#include <map>
#include <string>
#include <vector>

namespace workbench {

/// A free port of 127.0.0.1, ours as long as this lives: other programs of this kind pass it by. It lies
/// below the range that the kernel gives to outgoing connections, so that a server may be stopped and find
/// its port free again.
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
  int status = 0;  ///< 0: nobody answered
  std::string body;
};

/// Whether somebody takes connections on this port of 127.0.0.1.
bool listens(int port);

/// GET from 127.0.0.1.
HttpReply http_get(int port, const std::string& path);

/// The numbers of a Prometheus text page, by name and labels as they stand there.
class Metrics {
 public:
  explicit Metrics(const std::string& page);
  /// The sum over all series of that name, or over those whose labels hold `label`.
  double sum(const std::string& name, const std::string& label = "") const;
  bool has(const std::string& name) const;

 private:
  std::map<std::string, double> series_;
};

}  // namespace workbench
