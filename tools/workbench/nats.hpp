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

/// A message as a consumer of a stream sees it.
struct NatsMessage {
  std::uint64_t sequence = 0;
  std::string subject;
  std::map<std::string, std::string> headers;
  std::string data;
};

/// A connection to a nats-server, for one thread. Everything throws NatsError.
class Nats {
 public:
  struct Login {
    std::string user;
    std::string password;
    std::string ca_file;
  };
  explicit Nats(const std::string& url) : Nats(url, Login()) {}
  Nats(const std::string& url, const Login& login);

  /// A request to JetStream's API: `STREAM.INFO.ORDERS`, say. The answer may be an error.
  Document api(const std::string& verb, const std::string& json = "");

  /// `settings` are added to the stream's configuration, with a comma before them.
  void add_stream(const std::string& name, const std::string& subject, const std::string& settings = "");
  /// Gives the number of messages that went.
  std::int64_t purge(const std::string& stream);
  void remove(const std::string& stream);
  bool has(const std::string& stream);
  /// How many messages it holds; 0 where there is no such stream.
  std::int64_t count(const std::string& stream);

  /// Stores a message; true when the stream knew its id already and dropped it.
  bool publish(const std::string& subject, const std::string& data, const std::string& id);

  /// Everything that the stream holds, in its order.
  std::vector<NatsMessage> read(const std::string& stream);

 private:
  using Options = std::unique_ptr<natsOptions, Freed<natsOptions_Destroy>>;
  using Connection = std::unique_ptr<natsConnection, Freed<natsConnection_Destroy>>;
  using Message = std::unique_ptr<natsMsg, Freed<natsMsg_Destroy>>;
  using Context = std::unique_ptr<jsCtx, Freed<jsCtx_Destroy>>;
  using Subscription = std::unique_ptr<natsSubscription, Freed<natsSubscription_Destroy>>;

  static NatsMessage copy(natsMsg* message);
  std::vector<NatsMessage> read_until(const std::string& stream, std::uint64_t last);

  Connection connection_;
};

}  // namespace workbench
