#pragma once

#include <nats/nats.h>

#include <cstdint>
#include <memory>
#include <string>

#include "mongo.hpp"
#include "process.hpp"

namespace storm {

using NatsOptions = std::unique_ptr<natsOptions, Freed<natsOptions_Destroy>>;
using NatsConnection = std::unique_ptr<natsConnection, Freed<natsConnection_Destroy>>;
using NatsMessage = std::unique_ptr<natsMsg, Freed<natsMsg_Destroy>>;
using JetStreamContext = std::unique_ptr<jsCtx, Freed<jsCtx_Destroy>>;
using StreamInfo = std::unique_ptr<jsStreamInfo, Freed<jsStreamInfo_Destroy>>;
using PublishAck = std::unique_ptr<jsPubAck, Freed<jsPubAck_Destroy>>;

/// Throws std::runtime_error with libnats' message unless the status is NATS_OK.
void check(natsStatus status, const char* doing);

/// A nats-server with JetStream on a free port of loopback. Its store is deleted with the object.
class NatsServer {
 public:
  /// `program`: its path; if empty, it is looked for in PATH and /usr/sbin. The store is made below `parent`.
  NatsServer(const std::string& program, const std::string& parent);

  const std::string& url() const { return url_; }
  const std::string& version() const { return version_; }
  Usage usage() const { return process_->usage(); }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
  std::string url_;
  std::string version_;
};

/// The contents of a stream.
struct Held {
  std::uint64_t messages = 0;
  std::int64_t subjects = 0;
};

/// A connection to JetStream. `window`: the number of messages that may be published and not yet
/// acknowledged.
class NatsClient {
 public:
  explicit NatsClient(const NatsServer& server, std::int64_t window = 1);

  jsCtx* jetstream() const { return jetstream_.get(); }
  /// Zeros if there is no such stream.
  Held held(const std::string& stream) const;
  void remove(const std::string& stream) const;
  /// Deletes all messages of the stream, if it exists.
  void empty(const std::string& stream) const;
  /// Creates a stream as a publish rule does: stored in files, for all subjects below its name.
  void create(const std::string& stream) const;

 private:
  NatsConnection connection_;
  JetStreamContext jetstream_;
};

}  // namespace storm
