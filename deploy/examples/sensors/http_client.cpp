#include "http_client.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace sensors {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

}  // namespace

HttpClient::Reply HttpClient::put(const std::string& target, const std::string& body,
                                  const std::string& key) {
  auto reply = try_put(target, body, key);
  if (!reply) stream_.reset();
  return reply.value_or(Reply());
}

std::optional<HttpClient::Reply> HttpClient::try_put(const std::string& target, const std::string& body,
                                                     const std::string& key) {
  error_code error;
  if (!stream_) {
    stream_.emplace(io_);
    const asio::ip::tcp::endpoint there(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port_));
    stream_->connect(there, error);
    if (error) return std::nullopt;
  }
  http::request<http::string_body> request(http::verb::put, target, 11);
  request.set(http::field::host, "127.0.0.1");
  request.set(http::field::content_type, "application/json");
  if (!key.empty()) request.set("Idempotency-Key", key);
  request.body() = body;
  request.prepare_payload();
  http::write(*stream_, request, error);
  if (error) return std::nullopt;
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(*stream_, buffer, response, error);
  if (error) return std::nullopt;
  const Reply reply{response.result_int(), response.body()};
  if (response.need_eof()) stream_.reset();
  return reply;
}

}  // namespace sensors
