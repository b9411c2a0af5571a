#include "observe/http/http_server.hpp"

#if defined(__SANITIZE_ADDRESS__)
// Instrumented code hides from GCC 12 that Beast sets its parser's limits.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <latch>
#include <list>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "observe/metrics.hpp"
#include "observe/readiness.hpp"
#include "sluice/error.hpp"

namespace sluice::observe {
namespace {

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

std::string header(const Response& response, http::field field) {
  return std::string(response[field].data(), response[field].size());
}

HttpServer::Routes routes_of_one(HttpServer::Handler handler) {
  HttpServer::Routes routes;
  routes["/page"] = std::move(handler);
  return routes;
}

HttpReply hello() {
  return {200, "text/plain", "hello"};
}

class Observed : public testing::Test {
 protected:
  Metrics metrics_;
  Readiness readiness_;
  HttpServer server_{"127.0.0.1", 0, observe_routes(metrics_, readiness_)};
};

TEST_F(Observed, HealthIsUp) {
  const Response response = Client(server_.port()).ask("GET", "/healthz");
  EXPECT_EQ(response.result_int(), 200u);
  EXPECT_EQ(response.body(), R"({"status":"UP"})");
  EXPECT_EQ(header(response, http::field::content_type), "application/json");
}

TEST_F(Observed, ReadinessFollowsTheConditions) {
  Client client(server_.port());
  EXPECT_EQ(client.ask("GET", "/readyz").result_int(), 503u);
  readiness_.not_ready("stream conduit", "no lease");
  Response response = client.ask("GET", "/readyz");
  EXPECT_EQ(response.result_int(), 503u);
  EXPECT_EQ(response.body(), R"({"status":"NOT_READY","reasons":["stream conduit: no lease"]})");
  readiness_.ready("stream conduit");
  response = client.ask("GET", "/readyz");
  EXPECT_EQ(response.result_int(), 200u);
  EXPECT_EQ(response.body(), R"({"status":"READY"})");
}

TEST_F(Observed, MetricsAreRenderedAfterTheHooks) {
  StreamMetrics& stream = metrics_.stream("s");
  const ScrapeHook hook = metrics_.on_scrape([&stream] { stream.lag_seconds.Set(7); });
  const Response response = Client(server_.port()).ask("GET", "/metrics?name=ignored");
  EXPECT_EQ(response.result_int(), 200u);
  EXPECT_EQ(header(response, http::field::content_type), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(response.body().find("sluice_lag_seconds{stream=\"s\"} 7\n"), std::string::npos);
}

TEST_F(Observed, HeadGetsTheHeaderOfGetAlone) {
  Client client(server_.port());
  const Response head = client.ask("HEAD", "/healthz");
  EXPECT_EQ(head.result_int(), 200u);
  EXPECT_EQ(header(head, http::field::content_length), "15");
  EXPECT_EQ(client.ask("GET", "/healthz").body().size(), 15u);  // no stray body in between
}

struct Refusal {
  const char* method;
  const char* target;
  unsigned status;
};

class Refusals : public Observed, public testing::WithParamInterface<Refusal> {};

TEST_P(Refusals, HaveTheirStatusInPlainText) {
  Client client(server_.port());
  const Response response = client.ask(GetParam().method, GetParam().target);
  EXPECT_EQ(response.result_int(), GetParam().status);
  EXPECT_EQ(header(response, http::field::content_type), "text/plain; charset=utf-8");
  EXPECT_EQ(header(response, http::field::allow), GetParam().status == 405 ? "GET, HEAD" : "");
  EXPECT_EQ(client.ask("GET", "/healthz").result_int(), 200u);  // the connection is still of use
}

INSTANTIATE_TEST_SUITE_P(Http, Refusals,
                         testing::Values(Refusal{"GET", "/", 404}, Refusal{"GET", "/healthz/", 404},
                                         Refusal{"GET", "/metricsx", 404}, Refusal{"POST", "/healthz", 405},
                                         Refusal{"DELETE", "/metrics", 405}, Refusal{"POST", "/nowhere", 404},
                                         Refusal{"GET", "/../etc/passwd", 404},
                                         Refusal{"FROB", "/healthz", 405}));

TEST_F(Observed, KeepsTheConnectionUntilAskedToClose) {
  Client client(server_.port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask("GET", "/healthz").result_int(), 200u);
  const Response last = client.ask("GET", "/healthz", "Connection: close\r\n");
  EXPECT_EQ(header(last, http::field::connection), "close");
  EXPECT_EQ(client.rest(), "");
}

TEST_F(Observed, AnswersRequestsSentInOneGo) {
  Client client(server_.port());
  client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().result_int(), 200u);
  EXPECT_EQ(client.receive().result_int(), 404u);
}

TEST_F(Observed, ClosesAfterHttp10) {
  Client client(server_.port());
  client.send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.receive().result_int(), 200u);
  EXPECT_EQ(client.rest(), "");
}

struct BadRequest {
  const char* name;
  std::string bytes;
  unsigned status;
};

class BadRequests : public Observed, public testing::WithParamInterface<BadRequest> {};

TEST_P(BadRequests, AreAnsweredAndTheConnectionClosed) {
  Client client(server_.port());
  client.send(GetParam().bytes);
  const Response response = client.receive();
  EXPECT_EQ(response.result_int(), GetParam().status);
  EXPECT_EQ(header(response, http::field::connection), "close");
  EXPECT_EQ(client.rest(), "");
  EXPECT_EQ(Client(server_.port()).ask("GET", "/healthz").result_int(), 200u);
}

INSTANTIATE_TEST_SUITE_P(
    Http, BadRequests,
    testing::Values(
        BadRequest{"no_http", "hello\r\n\r\n", 400}, BadRequest{"bytes", "\x16\x03\x01\xff\r\n\r\n", 400},
        BadRequest{"bad_version", "GET / HTTP/9.9\r\n\r\n", 400},
        BadRequest{"bad_field", "GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
        BadRequest{"bad_length", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400},
        BadRequest{"long_header", "GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", 431},
        BadRequest{"long_target", "GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n", 431},
        BadRequest{"long_body", "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(5000, 'x'),
                   413}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(Observed, SurvivesClientsThatGoAway) {
  for (int i = 0; i < 50; ++i) {
    Client client(server_.port());
    if (i % 2) client.send("GET /metrics HTTP/1.1\r\n");
    if (i % 3 == 0) client.send("\r\n");
  }
  EXPECT_EQ(Client(server_.port()).ask("GET", "/healthz").result_int(), 200u);
}

TEST_F(Observed, AnswersManyClientsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      Client client(server_.port());
      for (int i = 0; i < 50; ++i) ASSERT_EQ(client.ask("GET", "/metrics").result_int(), 200u);
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(HttpServer, TurnsAFailingHandlerInto500) {
  HttpServer server("127.0.0.1", 0, routes_of_one([]() -> HttpReply { throw std::runtime_error("broken"); }));
  const Response response = Client(server.port()).ask("GET", "/page");
  EXPECT_EQ(response.result_int(), 500u);
  EXPECT_EQ(response.body(), "broken\n");
}

TEST(HttpServer, ClosesIdleConnections) {
  HttpLimits limits;
  limits.idle = std::chrono::milliseconds(20);
  HttpServer server("127.0.0.1", 0, routes_of_one(hello), limits);
  Client silent(server.port());
  EXPECT_EQ(silent.rest(), "");
}

/// However it drips: the whole request has its time.
TEST(HttpServer, CutsOffSlowRequests) {
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

TEST_F(Observed, AThousandIdleConnectionsGiveWayToAProbe) {
  if (descriptors() < 1500) GTEST_SKIP() << "too few file descriptors";
  const Crowd idle(server_.port(), 1000);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Client(server_.port()).ask("GET", "/healthz").result_int(), 200u);
}

TEST_F(Observed, TwoHundredSlowClientsKeepNoProbeFromItsAnswer) {
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

/// Large replies that nobody takes fill the kernel's buffers.
TEST(HttpServer, ClientsThatTakeNoReplyGiveWay) {
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

TEST(HttpServer, BeyondItsLimitTheOneThatWaitedLongestIsClosed) {
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

TEST(HttpServer, StopsWhileClientsAreConnected) {
  std::optional<HttpServer> server(std::in_place, "127.0.0.1", 0, routes_of_one(hello), HttpLimits{});
  Client idle(server->port());
  Client used(server->port());
  EXPECT_EQ(used.ask("GET", "/page").body(), "hello");
  Client half(server->port());
  half.send("GET /pa");
  server.reset();
  EXPECT_EQ(used.rest(), "");
  EXPECT_EQ(half.rest(), "");
}

TEST(HttpServer, LetsAHandlerFinishBeforeItStops) {
  std::latch entered(1);
  bool finished = false;
  {
    HttpServer server("127.0.0.1", 0, routes_of_one([&] {
                        entered.count_down();
                        std::this_thread::yield();
                        finished = true;
                        return hello();
                      }));
    Client client(server.port());
    client.send("GET /page HTTP/1.1\r\n\r\n");
    entered.wait();
  }
  EXPECT_TRUE(finished);
}

TEST(HttpServer, CanTakeAPortAgainAtOnce) {
  std::uint16_t port = 0;
  {
    HttpServer server("127.0.0.1", 0, routes_of_one(hello));
    port = server.port();
    EXPECT_EQ(Client(port).ask("GET", "/page").body(), "hello");
  }
  HttpServer again("127.0.0.1", port, routes_of_one(hello));
  EXPECT_EQ(again.port(), port);
}

std::string why_not(const std::string& host, std::uint16_t port) {
  try {
    HttpServer server(host, port, routes_of_one(hello));
  } catch (const Stop& stop) {
    EXPECT_EQ(stop.exit_code(), exit_code::cannot_start);
    return stop.what();
  }
  return "started";
}

TEST(HttpServer, SaysThatAPortIsTaken) {
  HttpServer server("127.0.0.1", 0, routes_of_one(hello));
  EXPECT_EQ(why_not("127.0.0.1", server.port()),
            "the HTTP server cannot listen on 127.0.0.1:" + std::to_string(server.port()) +
                ": the port is taken; choose another with --http-port, SLUICE_HTTP_PORT or http.port");
}

TEST(HttpServer, SaysThatAnAddressIsNotOfThisMachine) {
  EXPECT_EQ(why_not("192.0.2.1", 9464).rfind("the HTTP server cannot listen on 192.0.2.1:9464: ", 0), 0u);
  EXPECT_NE(why_not("192.0.2.1", 9464).find("--http-host"), std::string::npos);
}

}  // namespace
}  // namespace sluice::observe
