#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "drain.hpp"
#include "options.hpp"
#include "process.hpp"

namespace storm {

/// What a bare publisher achieved.
struct BarePublished {
  double seconds = 0;        ///< until the receiver had all messages
  double cpu_seconds = 0;    ///< of the bus, the publisher and the receiver in that time
  double payload_bytes = 0;  ///< of a message, on average
};

/// A message bus, as `storm publish` and `storm kafka` measure it: its server and its clients.
class Bus {
 public:
  /// Reads the events of one storm.
  using Read = std::function<void(const Act&)>;

  Bus() = default;
  virtual ~Bus() = default;
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  virtual std::string name() const = 0;     ///< of the result file
  virtual std::string server() const = 0;   ///< the server's name in the result file
  virtual std::string version() const = 0;  ///< of the server
  virtual std::string library() const = 0;  ///< name and version of the client library
  virtual Usage usage() const = 0;          ///< of the server
  /// The configuration of a worker that publishes all changes of the collection `users`.
  virtual std::string rules() const = 0;
  virtual std::vector<std::string> flags() const = 0;

  /// From here on messages count.
  virtual void begin() = 0;
  /// Whether the receiver has so many messages.
  virtual bool has(std::int64_t messages) = 0;
  /// Throws unless the receiver has exactly one message for each of so many documents.
  virtual void expect_all(std::int64_t documents) = 0;

  /// Reads the events, then publishes a message for each without waiting between them.
  virtual BarePublished publish_bare(const Read& read) = 0;
  /// Publishes a message for one event and waits for its acknowledgement.
  virtual void publish_one(const Event& event) = 0;
};

/// Measures a bare publisher from its construction on.
class PublishMeter {
 public:
  explicit PublishMeter(const Bus& bus) : bus_(bus), cpu_(cpu()) {}

  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  BarePublished now() const { return {seconds(), cpu() - cpu_, 0}; }

 private:
  const Bus& bus_;
  double cpu_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();

  double cpu() const { return bus_.usage().cpu_seconds + own_cpu_seconds(); }
};

/// Measures publishing one updateMany to a bus. The rivals are a loop that waits for each message, a bare
/// cursor and a bare publisher, each with the whole machine to itself.
int run_bus(const Options& options, const Server& server, Bus& bus);

}  // namespace storm
