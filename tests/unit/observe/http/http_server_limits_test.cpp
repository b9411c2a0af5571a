#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "unit/observe/http/http_server_fixture.hpp"

namespace sluice::observe {
namespace {

/// Clients that are many, slow or silent.
class HttpServerLimits : public Observed {};

/// As many connections as a test may have, raised as far as it goes.
rlim_t descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

/// Connections that do nothing, or send their requests a byte at a time and never end them.
class Crowd {
 public:
  Crowd(std::uint16_t port, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      tcp::socket& one = sockets_.emplace_back(io_);
      one.connect({asio::ip::make_address("127.0.0.1"), port});
    }
  }
  void drip() {
    for (tcp::socket& one : sockets_) {
      error_code ignored;  // closed to make room
      asio::write(one, asio::buffer(std::string_view("G")), ignored);
    }
  }

 private:
  asio::io_context io_;
  std::vector<tcp::socket> sockets_;
};

TEST_F(HttpServerLimits, AThousandIdleConnectionsGiveWayToAProbe) {
  if (descriptors() < 1500) GTEST_SKIP() << "too few file descriptors";
  const Crowd idle(server_.port(), 1000);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Client(server_.port()).ask("GET", "/healthz").result_int(), 200u);
}

TEST_F(HttpServerLimits, TwoHundredSlowClientsKeepNoProbeFromItsAnswer) {
  if (descriptors() < 1000) GTEST_SKIP() << "too few file descriptors";
  Crowd slow(server_.port(), 200);
  std::atomic<bool> enough = false;
  {
    std::jthread dripping([&] {
      while (!enough) slow.drip();
    });
    for (int i = 0; i < 50; ++i) EXPECT_EQ(Client(server_.port()).ask("GET", "/healthz").result_int(), 200u);
    enough = true;
  }
  EXPECT_EQ(Client(server_.port()).ask("GET", "/metrics").result_int(), 200u);
}

TEST_F(HttpServerLimits, ClosesIdleConnections) {
  HttpLimits limits;
  limits.idle = std::chrono::milliseconds(20);
  HttpServer server("127.0.0.1", 0, routes_of_one(hello), limits);
  Client silent(server.port());
  EXPECT_EQ(silent.rest(), "");
}

/// However it drips: the whole request has its time.
TEST_F(HttpServerLimits, CutsOffSlowRequests) {
  HttpLimits limits;
  limits.request = std::chrono::milliseconds(20);
  HttpServer server("127.0.0.1", 0, routes_of_one(hello), limits);
  Client slow(server.port());
  slow.send("GET /page HTTP/1.1\r\n");
  EXPECT_EQ(slow.rest(), "");
  Client dripping(server.port());
  std::atomic<bool> closed = false;
  std::jthread drip([&] {
    while (!closed) {
      dripping.send("X");
      std::this_thread::yield();
    }
  });
  dripping.rest();
  closed = true;
}

/// Large replies that nobody takes fill the kernel's buffers.
TEST_F(HttpServerLimits, ClientsThatTakeNoReplyGiveWay) {
  HttpLimits limits;
  limits.connections = 4;
  const std::string large(64 << 20, 'x');
  auto routes = routes_of_one(hello);
  routes["/large"] = [&] { return HttpReply{200, "text/plain", large}; };
  HttpServer server("127.0.0.1", 0, std::move(routes), limits);
  std::list<Client> deaf;
  for (int i = 0; i < 8; ++i) deaf.emplace_back(server.port()).send("GET /large HTTP/1.1\r\n\r\n");
  EXPECT_EQ(Client(server.port()).ask("GET", "/page").result_int(), 200u);
}

TEST_F(HttpServerLimits, BeyondItsLimitTheOneThatWaitedLongestIsClosed) {
  HttpLimits limits;
  limits.connections = 2;
  HttpServer server("127.0.0.1", 0, routes_of_one(hello), limits);
  std::optional<Client> one(std::in_place, server.port());
  Client two(server.port());
  // An answer says that the connection has been counted.
  EXPECT_EQ(one->ask("GET", "/page").result_int(), 200u);
  EXPECT_EQ(two.ask("GET", "/page").result_int(), 200u);
  Client three(server.port());
  EXPECT_EQ(three.ask("GET", "/page").result_int(), 200u);
  EXPECT_EQ(one->rest(), "");
  EXPECT_EQ(two.ask("GET", "/page").result_int(), 200u);
  one.emplace(server.port());
  EXPECT_EQ(one->ask("GET", "/page").result_int(), 200u);
  EXPECT_EQ(three.rest(), "") << "it was used before the other";
  EXPECT_EQ(two.ask("GET", "/page").result_int(), 200u);
}

}  // namespace
}  // namespace sluice::observe
