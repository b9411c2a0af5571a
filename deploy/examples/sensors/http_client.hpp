#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>

namespace sensors {

/// Sends requests to a service on 127.0.0.1, one after the other over one connection. For one thread.
class HttpClient {
 public:
  struct Reply {
    unsigned status = 0;  ///< 0: nobody answered, and whether the request arrived is not known
    std::string body;
  };

  explicit HttpClient(int port) : port_(port) {}

  Reply put(const std::string& target, const std::string& body, const std::string& key = "");

 private:
  std::optional<Reply> try_put(const std::string& target, const std::string& body, const std::string& key);

  int port_;
  boost::asio::io_context io_;
  std::optional<boost::asio::ip::tcp::socket> stream_;  ///< while it is connected
};

}  // namespace sensors
