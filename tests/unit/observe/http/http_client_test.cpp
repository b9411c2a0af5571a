#include "observe/http/http_client.hpp"

#if defined(__SANITIZE_ADDRESS__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "observe/http/http_server.hpp"

namespace sluice::observe {
namespace {

namespace asio = boost::asio;

std::string parsed(const std::string& text) {
  const auto address = parse_http_address(text, "9464");
  return address ? address->host + " " + address->port : "none";
}

TEST(HttpAddress, IsReadFromUrlsAndFromHostsWithPorts) {
  EXPECT_EQ(parsed("http://127.0.0.1:9465"), "127.0.0.1 9465");
  EXPECT_EQ(parsed("http://127.0.0.1:9465/"), "127.0.0.1 9465");
  EXPECT_EQ(parsed("worker-3.prod:80"), "worker-3.prod 80");
  EXPECT_EQ(parsed("worker-3"), "worker-3 9464");
  EXPECT_EQ(parsed("http://[::1]:9465"), "::1 9465");
  EXPECT_EQ(parsed("[::1]"), "::1 9464");
}

TEST(HttpAddress, IsNotReadFromOtherTexts) {
  for (const char* text : {"", ":9464", "http://", "https://a:1", "http://a:1/status", "a:b", "a:", "::1",
                           "[::1", "[::1]9464", "a:123456"}) {
    EXPECT_EQ(parsed(text), "none") << text;
  }
}

HttpAnswer get(std::uint16_t port, const std::string& target, std::chrono::milliseconds patience) {
  asio::io_context io;
  HttpAnswer answer;
  const auto ask = [&]() -> asio::awaitable<void> {
    const HttpAddress address{"127.0.0.1", std::to_string(port)};
    answer = co_await http_get(address, target, patience);
  };
  asio::co_spawn(io, ask, asio::detached);
  io.run();
  return answer;
}

TEST(HttpClient, GetsWhatTheServerAnswers) {
  HttpServer::Routes routes;
  routes["/status"] = [] { return HttpReply{200, "application/json", "{}"}; };
  const HttpServer server("127.0.0.1", 0, std::move(routes));
  const HttpAnswer answer = get(server.port(), "/status", std::chrono::seconds(10));
  EXPECT_EQ(answer.status, 200U) << answer.error;
  EXPECT_EQ(answer.body, "{}");
  EXPECT_EQ(get(server.port(), "/nothing", std::chrono::seconds(10)).status, 404U);
}

TEST(HttpClient, SaysWhyNobodyAnswers) {
  std::uint16_t port = 0;
  {
    HttpServer gone("127.0.0.1", 0, {});
    port = gone.port();
  }
  const HttpAnswer answer = get(port, "/status", std::chrono::seconds(10));
  EXPECT_EQ(answer.status, 0U);
  EXPECT_EQ(answer.error, "Connection refused");
}

TEST(HttpClient, DoesNotWaitForEver) {
  asio::io_context io;
  // The system takes the connection; nobody reads from it.
  asio::ip::tcp::acceptor silent(io, {asio::ip::make_address("127.0.0.1"), 0});
  const HttpAnswer answer = get(silent.local_endpoint().port(), "/status", std::chrono::milliseconds(20));
  EXPECT_EQ(answer.status, 0U);
  EXPECT_EQ(answer.error, "no answer in time");
}

}  // namespace
}  // namespace sluice::observe
