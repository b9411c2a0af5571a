#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::test {

/// A record of a relay's log.
struct LogRecord {
  std::string id;
  std::string header;  ///< RelayHeader's text
  std::string data;
};

/// A server that holds relays' logs. `log`: the name of a JetStream stream or Kafka topic.
class LogServer {
 public:
  virtual ~LogServer() = default;
  /// A worker's flags for a relay.
  virtual std::vector<std::string> flags(const std::string& log, int partitions) const = 0;
  /// Flags for how long an acknowledgement may take.
  virtual std::vector<std::string> patience(int ms) const = 0;
  /// The same for a file, on two lines.
  virtual std::string yaml(const std::string& log, int partitions) const = 0;
  /// How messages call the log.
  virtual std::string called(const std::string& log) const = 0;

  virtual void kill9() = 0;
  virtual void restart() = 0;
  virtual void stop() = 0;
  virtual void cont() = 0;

  virtual std::int64_t count(const std::string& log) = 0;
  virtual std::vector<LogRecord> read(const std::string& log) = 0;
  virtual void remove(const std::string& log) = 0;
  /// Drops all records.
  virtual void purge(const std::string& log) = 0;
  /// Puts the first `most` records into the log once more.
  virtual void repeat(const std::string& log, std::size_t most) = 0;
};

/// What a relay's log may be in.
inline constexpr const char* jetstream = "JetStream";
inline constexpr const char* kafka = "Kafka";

/// Why this machine cannot run such a server; "" if it can.
std::string why_no_log_server(const std::string& kind);

/// A server. Those of Kafka are one broker, which all tests of a program share; it runs again when the object
/// is destroyed.
std::unique_ptr<LogServer> make_log_server(const std::string& kind);

}  // namespace sluice::test
