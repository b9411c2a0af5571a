#pragma once

#include <string>
#include <string_view>

#include "sinks/http/answer_reader.hpp"
#include "sinks/http/endpoint.hpp"
#include "sinks/net/asio.hpp"
#include "sinks/net/certificates.hpp"
#include "sinks/net/host_addresses.hpp"
#include "sinks/net/wire.hpp"

namespace sluice::sinks::http {

namespace asio = boost::asio;
using net::error_code;
using net::tcp;

/// State that all connections of one endpoint share.
struct ConnectionContext {
  ConnectionContext(asio::io_context& on, const EndpointConfig& stated)
      : io(on), config(stated), authority(stated.origin.authority()), addresses(on, stated.origin) {}

  asio::io_context& io;
  const EndpointConfig& config;
  const std::string authority;
  net::Certificates certificates{{config.origin.tls, config.ca_file, config.cert_file, config.key_file}};
  net::HostAddresses addresses;
  bool stopping = false;
};

/// One HTTP connection, which is kept open between requests and reopened when needed. For the endpoint's
/// thread only, and for one coroutine at a time.
class HttpConnection {
 public:
  /// `context` must outlive it.
  explicit HttpConnection(ConnectionContext& context)
      : context_(context), wire_(context.io), wake_(context.io) {}

  /// Sends the request and reads its answer; connects first if necessary. If the server had already closed
  /// the kept connection, the request is sent once more. Errors become the answer's kind and text. After an
  /// exception the caller must call close().
  asio::awaitable<void> carry_out(const Request& request, Answer& answer);
  /// Connects. Returns false if that fails, with the error in `answer`.
  asio::awaitable<bool> connect(Answer& answer);

  /// Waits for wake(); closes the connection after the idle time-out.
  asio::awaitable<void> rest();
  void wake() { wake_.cancel(); }
  void close() { wire_.close(); }

  /// Ends with an error whatever the connection's coroutine waits for.
  void interrupt();
  /// Interrupts the current request, for whose answer no caller waits any more.
  void abandon();
  bool is_abandoned() const { return abandoned_; }
  void begin() { abandoned_ = false; }

 private:
  asio::awaitable<bool> exchange(std::string_view body, Answer& answer);
  asio::awaitable<error_code> read(AnswerReader& reader, bool& heard);
  void parse(AnswerReader& reader, error_code& error);
  void failed(Answer& answer, const error_code& error, bool heard);
  asio::awaitable<std::string> connect_to(tcp::endpoint address);

  ConnectionContext& context_;
  net::Wire wire_;
  asio::steady_timer wake_;
  bool abandoned_ = false;
  std::string out_;
  beast::flat_buffer in_;
};

}  // namespace sluice::sinks::http
