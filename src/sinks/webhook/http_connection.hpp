#pragma once

#include <string>

#include "sinks/webhook/answer_reader.hpp"
#include "sinks/webhook/asio.hpp"
#include "sinks/webhook/certificates.hpp"
#include "sinks/webhook/endpoint.hpp"
#include "sinks/webhook/host_addresses.hpp"
#include "sinks/webhook/wire.hpp"

namespace sluice::sinks::webhook {

/// What all connections of one endpoint share.
struct ConnectionContext {
  ConnectionContext(asio::io_context& on, const EndpointConfig& stated)
      : io(on), config(stated), authority(stated.origin.authority()), addresses(on, stated.origin) {}

  asio::io_context& io;
  const EndpointConfig& config;
  const std::string authority;
  Certificates certificates{config};
  HostAddresses addresses;
  bool stopping = false;
};

/// One HTTP connection, which is kept open between requests and opened again when it is needed. All calls are
/// made on the endpoint's thread; one coroutine at a time uses it.
class HttpConnection {
 public:
  /// `context` must outlive it.
  explicit HttpConnection(ConnectionContext& context)
      : context_(context), wire_(context.io), wake_(context.io) {}

  /// Sends the request and reads its answer, connecting first where needed. A request that met with a
  /// connection which the server had closed meanwhile is sent once more. Errors become the answer's kind and
  /// text; an exception leaves it to the caller to close().
  asio::awaitable<void> carry_out(const Request& request, Answer& answer);
  /// False when there is no connection; `answer` says why.
  asio::awaitable<bool> connect(Answer& answer);

  /// Waits for wake(), and closes the connection when that takes long.
  asio::awaitable<void> rest();
  void wake() { wake_.cancel(); }
  void close() { wire_.close(); }

  /// Whatever its coroutine waits for ends with an error.
  void interrupt();
  /// Nobody waits for the current request's answer any more: interrupts it.
  void abandon();
  bool is_abandoned() const { return abandoned_; }
  void begin() { abandoned_ = false; }

 private:
  asio::awaitable<bool> exchange(Answer& answer);
  asio::awaitable<error_code> read(AnswerReader& reader, bool& heard);
  void parse(AnswerReader& reader, error_code& error);
  void failed(Answer& answer, const error_code& error, bool heard);
  asio::awaitable<std::string> connect_to(tcp::endpoint address);

  ConnectionContext& context_;
  Wire wire_;
  asio::steady_timer wake_;
  bool abandoned_ = false;
  std::string out_;
  beast::flat_buffer in_;
};

}  // namespace sluice::sinks::webhook
