#include "observe/http/http_client.hpp"

#if defined(__SANITIZE_ADDRESS__)
// The same false warnings of GCC 12 as in http_server.cpp.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "text/url.hpp"

namespace sluice::observe {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t most_bytes = 4 << 20;

HttpAnswer nobody(const error_code& error) {
  return {0, "", error == beast::error::timeout ? "no answer in time" : error.message()};
}

http::request<http::empty_body> request_for(const HttpAddress& address, const std::string& target) {
  http::request<http::empty_body> request(http::verb::get, target, 11);
  request.set(http::field::host, address.host + ":" + address.port);
  request.keep_alive(false);
  return request;
}

}  // namespace

std::optional<HttpAddress> parse_http_address(std::string_view text, std::string_view default_port) {
  constexpr std::string_view scheme = "http://";
  if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find('/') != std::string_view::npos) return std::nullopt;
  const auto split = text::split_host(text);
  if (!split || split->host.empty()) return std::nullopt;
  HttpAddress address{std::string(split->host), std::string(default_port)};
  if (split->rest.empty()) return address;
  const std::string_view port = split->rest.substr(1);
  if (!split->rest.starts_with(':') || !text::parse_port(port)) return std::nullopt;
  address.port = port;
  return address;
}

asio::awaitable<HttpAnswer> http_get(const HttpAddress& address, const std::string& target,
                                     std::chrono::milliseconds patience) {
  const auto executor = co_await asio::this_coro::executor;
  error_code error;
  tcp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(address.host, address.port,
                                                     asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return nobody(error);
  beast::tcp_stream stream(executor);
  stream.expires_after(patience);
  co_await stream.async_connect(found, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return nobody(error);
  const auto request = request_for(address, target);
  stream.expires_after(patience);
  co_await http::async_write(stream, request, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return nobody(error);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(most_bytes);
  stream.expires_after(patience);
  co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return nobody(error);
  co_return HttpAnswer{parser.get().result_int(), std::move(parser.get().body()), ""};
}

}  // namespace sluice::observe
