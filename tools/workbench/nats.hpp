#pragma once

#include <nats/nats.h>

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "workbench/document.hpp"
#include "workbench/freed.hpp"

namespace workbench {

class NatsError : public std::runtime_error {
 public:
  NatsError(const std::string& doing, natsStatus status)
      : std::runtime_error(doing + ": " + natsStatus_GetText(status) + " (" + nats_GetLastError(nullptr) +
                           ")") {}
};

/// A message of a stream.
struct NatsMessage {
  std::uint64_t sequence = 0;
  std::string subject;
  std::map<std::string, std::string> headers;
  std::string data;
};

/// A connection to a nats-server. Not thread-safe. All functions throw NatsError.
class Nats {
 public:
  struct Login {
    std::string user;
    std::string password;
    std::string ca_file;
  };
  explicit Nats(const std::string& url) : Nats(url, Login()) {}
  Nats(const std::string& url, const Login& login);

  /// Sends a request to JetStream's API, such as `STREAM.INFO.ORDERS`. The reply may be an error.
  Document api(const std::string& verb, const std::string& json = "");

  /// `settings`: further members of the stream's JSON configuration, beginning with a comma.
  void add_stream(const std::string& name, const std::string& subject, const std::string& settings = "");
  /// Returns the number of deleted messages.
  std::int64_t purge(const std::string& stream);
  void remove(const std::string& stream);
  bool has(const std::string& stream);
  /// The number of messages in the stream; 0 if there is no such stream.
  std::int64_t count(const std::string& stream);

  /// Publishes a message. Returns true if the stream dropped it as a duplicate by its id.
  bool publish(const std::string& subject, const std::string& data, const std::string& id);

  /// All messages of the stream, in order. Asks for them one by one, by their sequence numbers: the client's
  /// ordered consumer sometimes missed the first messages of a stream that others were writing to.
  std::vector<NatsMessage> read(const std::string& stream);

 private:
  using Options = std::unique_ptr<natsOptions, Freed<natsOptions_Destroy>>;
  using Connection = std::unique_ptr<natsConnection, Freed<natsConnection_Destroy>>;
  using Message = std::unique_ptr<natsMsg, Freed<natsMsg_Destroy>>;
  using Context = std::unique_ptr<jsCtx, Freed<jsCtx_Destroy>>;

  static NatsMessage copy(natsMsg* message);

  Connection connection_;
};

}  // namespace workbench
