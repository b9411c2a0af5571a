#include <latch>
#include <optional>
#include <thread>
#include <vector>

#include "sluice/error.hpp"
#include "unit/observe/http/http_server_fixture.hpp"

namespace sluice::observe {
namespace {

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
