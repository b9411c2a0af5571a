#pragma once

#include "observe/http/http_server.hpp"

#if defined(__SANITIZE_ADDRESS__)
// Instrumented code hides from GCC 12 that Beast sets its parser's limits.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <string>
#include <utility>

#include "observe/metrics.hpp"
#include "observe/readiness.hpp"

namespace sluice::observe {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Response = http::response<http::string_body>;

/// A connection of a test's own, blocking.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(io_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
  }

  void send(const std::string& bytes) {
    error_code ignored;  // the server may close while a request too large is still being sent
    asio::write(socket_, asio::buffer(bytes), ignored);
  }

  Response receive(bool of_head = false) {
    http::response_parser<http::string_body> parser;
    parser.skip(of_head);
    http::read(socket_, buffer_, parser);
    return parser.release();
  }

  Response ask(const std::string& method, const std::string& target, const std::string& headers = "") {
    send(method + " " + target + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n");
    return receive(method == "HEAD");
  }

  /// What comes until the server closes.
  std::string rest() {
    std::string bytes;
    error_code error;
    asio::read(socket_, asio::dynamic_buffer(bytes), error);
    return bytes;
  }

 private:
  asio::io_context io_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

inline std::string header(const Response& response, http::field field) {
  return std::string(response[field].data(), response[field].size());
}

inline HttpServer::Routes routes_of_one(HttpServer::Handler handler) {
  HttpServer::Routes routes;
  routes["/page"] = std::move(handler);
  return routes;
}

inline HttpReply hello() {
  return {200, "text/plain", "hello"};
}

class Observed : public testing::Test {
 protected:
  Metrics metrics_;
  Readiness readiness_;
  HttpServer server_{"127.0.0.1", 0, observe_routes(metrics_, readiness_)};
};

}  // namespace sluice::observe
