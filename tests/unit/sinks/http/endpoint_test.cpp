#include "sinks/http/endpoint.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "support/certificates.hpp"
#include "support/web_service.hpp"

namespace sluice::sinks::http {
namespace {

using namespace std::chrono_literals;
using test::WebAnswer;
using test::WebRequest;
using test::WebService;
using Kind = Answer::Kind;

class EndpointTest : public testing::Test {
 protected:
  static EndpointConfig config_for(const std::string& origin) {
    std::string_view rest;
    EndpointConfig config;
    config.origin = config::parse_origin(origin, rest);
    config.concurrency = 4;
    return config;
  }
  EndpointConfig config() const { return config_for(service_.origin()); }

  static std::unique_ptr<Endpoint> open(const EndpointConfig& config) {
    auto opened = Endpoint::open(config);
    if (const auto* error = std::get_if<Error>(&opened)) throw std::runtime_error(error->message);
    return std::move(std::get<std::unique_ptr<Endpoint>>(opened));
  }

  /// Requests to the paths /0, /1... with these keys.
  static std::vector<Answer> send(Endpoint& endpoint, const std::vector<std::uint64_t>& keys,
                                  Unsent* unsent = nullptr, flow::Duration patience = 60s,
                                  const std::stop_token& stop = {}) {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < keys.size(); ++i) paths.push_back("/" + std::to_string(i));
    std::vector<Request> requests;
    for (std::size_t i = 0; i < keys.size(); ++i)
      requests.push_back({"POST", paths[i], "A: b", "body", keys[i]});
    std::vector<Answer> answers(keys.size());
    const auto judge = [](std::size_t, const Answer& answer) {
      return answer.status / 100 == 2 ? Judgement::done
             : answer.status == 400   ? Judgement::refused
                                      : Judgement::retry;
    };
    const Unsent result = endpoint.send(requests, answers, judge, flow::Clock::now() + patience, stop);
    if (unsent != nullptr) *unsent = result;
    return answers;
  }
  static Answer send_one(Endpoint& endpoint) { return send(endpoint, {1}).front(); }

  WebService service_;
};

TEST_F(EndpointTest, ARequestAndItsAnswer) {
  const auto endpoint = open(config());
  const Answer answer = send_one(*endpoint);
  EXPECT_EQ(answer.kind, Kind::answered);
  EXPECT_EQ(answer.status, 200U);
  const WebRequest seen = service_.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/0");
  EXPECT_EQ(seen.body, "body");
  EXPECT_EQ(seen.header("a"), "b");
  EXPECT_EQ(seen.header("host"), "127.0.0.1:" + std::to_string(service_.port()));
  EXPECT_EQ(seen.header("content-length"), "4");
}

/// A long body is not copied behind its head.
void expect_bodies_arrive(Endpoint& endpoint, WebService& service) {
  std::vector<std::string> bodies;
  for (const std::size_t size : {0, 1, 4096, 4097, 1'000'000, 5'000'000, 100})
    bodies.emplace_back(size, static_cast<char>('a' + bodies.size()));
  std::vector<Request> requests;
  for (const std::string& body : bodies) requests.push_back({"POST", "/", "A: b", body, 1});
  std::vector<Answer> answers(requests.size());
  const auto judge = [](std::size_t, const Answer&) { return Judgement::done; };
  endpoint.send(requests, answers, judge, flow::Clock::now() + 60s);
  const auto seen = service.requests();
  ASSERT_EQ(seen.size(), bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_EQ(answers[i].status, 200U) << answers[i].text;
    EXPECT_EQ(seen[i].header("a"), "b");
    EXPECT_TRUE(seen[i].body == bodies[i]) << bodies[i].size();
    EXPECT_EQ(seen[i].connection, 0U);
  }
}

TEST_F(EndpointTest, BodiesOfAnySizeArrive) {
  const auto endpoint = open(config());
  expect_bodies_arrive(*endpoint, service_);
}

TEST_F(EndpointTest, ManyRequestsOverFewConnections) {
  const auto endpoint = open(config());
  std::vector<std::uint64_t> keys(500);
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = i;
  for (const Answer& answer : send(*endpoint, keys)) EXPECT_EQ(answer.status, 200U) << answer.text;
  EXPECT_EQ(service_.count(), keys.size());
  EXPECT_LE(service_.connections(), 4U);
  EXPECT_LE(service_.most_at_once(), 4U);
}

/// The limit is the endpoint's, and not each caller's.
TEST_F(EndpointTest, SeveralCallersShareTheLimit) {
  const auto endpoint = open(config());
  service_.answer(WebAnswer{.delay = 2ms});
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 6; ++i) {
      callers.emplace_back([&] {
        for (const Answer& answer : send(*endpoint, {1, 2, 3, 4, 5, 6, 7, 8})) EXPECT_EQ(answer.status, 200U);
      });
    }
  }
  EXPECT_EQ(service_.count(), 48U);
  EXPECT_LE(service_.most_at_once(), 4U);
}

TEST_F(EndpointTest, RequestsOfOneKeyGoOneAfterTheOther) {
  const auto endpoint = open(config());
  service_.answer(WebAnswer{.delay = 1ms});
  send(*endpoint, {7, 7, 8, 7, 7, 8, 7});
  std::vector<std::string> sevens;
  for (const WebRequest& request : service_.requests()) {
    if (request.target != "/2" && request.target != "/5") sevens.push_back(request.target);
  }
  EXPECT_EQ(sevens, (std::vector<std::string>{"/0", "/1", "/3", "/4", "/6"}));
  EXPECT_LE(service_.most_at_once(), 2U);
}

TEST_F(EndpointTest, BehindOneThatIsNotDoneNothingOfItsKeyIsSent) {
  const auto endpoint = open(config());
  service_.answer([](const WebRequest& request) {
    return request.target == "/0" ? WebAnswer{.status = 400, .body = "no\nsuch thing"} : WebAnswer();
  });
  const auto answers = send(*endpoint, {1, 1, 2, 2});
  EXPECT_EQ(answers[0].status, 400U);
  EXPECT_EQ(answers[0].text, "no such thing");
  EXPECT_EQ(answers[1].kind, Kind::unsent);
  EXPECT_EQ(answers[2].status, 200U);
  EXPECT_EQ(answers[3].status, 200U);
}

/// The server closed it while nobody used it: that is no failure, and costs the request nothing.
TEST_F(EndpointTest, AConnectionThatWasClosedMeanwhileIsReplaced) {
  const auto endpoint = open(config());
  service_.answer(WebAnswer{.way = WebAnswer::Way::then_hang_up});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(send_one(*endpoint).status, 200U) << i;
  EXPECT_EQ(service_.count(), 20U);
  EXPECT_EQ(service_.connections(), 20U);
  EXPECT_EQ(endpoint->breaker(), flow::CircuitBreaker::State::closed);
}

TEST_F(EndpointTest, AnAnswerThatSaysCloseIsBelieved) {
  const auto endpoint = open(config());
  service_.answer(WebAnswer{.headers = "Connection: close\r\n"});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send_one(*endpoint).status, 200U);
  EXPECT_EQ(service_.connections(), 3U);
}

TEST_F(EndpointTest, HangingUpInsteadOfAnsweringIsAFailure) {
  const auto endpoint = open(config());
  service_.answer(WebAnswer{.way = WebAnswer::Way::hang_up});
  const Answer answer = send_one(*endpoint);
  EXPECT_EQ(answer.kind, Kind::broken);
  EXPECT_NE(answer.text.find("before an answer came"), std::string::npos) << answer.text;
  EXPECT_EQ(service_.count(), 1U) << "a fresh connection: there is no doubt whose fault it is";
}

TEST_F(EndpointTest, SilenceAndDrippingEndWithTheTime) {
  EndpointConfig brief = config();
  brief.request_timeout = 200ms;
  brief.breaker.failures = 100;
  const auto endpoint = open(brief);
  for (const auto way : {WebAnswer::Way::silence, WebAnswer::Way::drip}) {
    service_.answer(WebAnswer{.way = way});
    for (const Answer& answer : send(*endpoint, {1, 2})) {
      EXPECT_EQ(answer.kind, Kind::timed_out);
      EXPECT_NE(answer.text.find("no complete answer within 200 ms"), std::string::npos) << answer.text;
    }
  }
  service_.answer(WebAnswer());
  EXPECT_EQ(send_one(*endpoint).status, 200U);
}

TEST_F(EndpointTest, ALongAnswerIsNotReadToItsEnd) {
  const auto endpoint = open(config());
  service_.answer(WebAnswer{.status = 500, .body = std::string(1 << 20, 'x')});
  const Answer answer = send_one(*endpoint);
  EXPECT_EQ(answer.status, 500U);
  EXPECT_LE(answer.text.size(), 1000U);
  service_.answer(WebAnswer());
  EXPECT_EQ(send_one(*endpoint).status, 200U);
}

TEST_F(EndpointTest, AnInterimAnswerIsNotTheAnswer) {
  const auto endpoint = open(config());
  // 103 without a body, then 202
  service_.answer([](const WebRequest&) {
    return WebAnswer{.status = 103, .headers = "Link: x\r\n\r\nHTTP/1.1 202 Accepted\r\n"};
  });
  EXPECT_EQ(send_one(*endpoint).status, 202U);
  EXPECT_EQ(send_one(*endpoint).status, 202U);
}

TEST_F(EndpointTest, NobodyThere) {
  service_.stop();
  const auto endpoint = open(config());
  const Answer answer = send_one(*endpoint);
  EXPECT_EQ(answer.kind, Kind::broken);
  EXPECT_NE(answer.text.find("refused"), std::string::npos) << answer.text;
  EXPECT_TRUE(endpoint->try_connection());
  service_.start();
  EXPECT_FALSE(endpoint->try_connection());
  EXPECT_EQ(send_one(*endpoint).status, 200U);
}

TEST_F(EndpointTest, NamesAreLookedUp) {
  EndpointConfig named = config_for("http://localhost:" + std::to_string(service_.port()));
  const auto endpoint = open(named);
  for (const Answer& answer : send(*endpoint, {1, 2, 3, 4, 5, 6}))
    EXPECT_EQ(answer.status, 200U) << answer.text;
  named.origin.host = "no-such-host.invalid";
  const Answer answer = send_one(*open(named));
  EXPECT_EQ(answer.kind, Kind::broken);
  EXPECT_NE(answer.text.find("no-such-host.invalid has no address"), std::string::npos) << answer.text;
}

TEST_F(EndpointTest, AServerThatFailsIsLeftAlone) {
  EndpointConfig careful = config();
  careful.concurrency = 1;
  careful.breaker = {3, 10ms, 20ms};
  const auto endpoint = open(careful);
  service_.answer(WebAnswer{.status = 500});
  Unsent unsent;
  const auto answers = send(*endpoint, {1, 2, 3, 4, 5, 6}, &unsent);
  EXPECT_EQ(answers[2].status, 500U);
  EXPECT_EQ(answers[3].kind, Kind::unsent);
  EXPECT_TRUE(unsent.not_before);
  EXPECT_EQ(service_.count(), 3U);
  EXPECT_EQ(endpoint->breaker(), flow::CircuitBreaker::State::open);
  service_.answer(WebAnswer());
  while (send_one(*endpoint).kind == Kind::unsent) std::this_thread::yield();
  EXPECT_EQ(endpoint->breaker(), flow::CircuitBreaker::State::closed);
}

/// Whatever is to be retried counts, or it would be sent as fast as its lane tries again, for ever.
TEST_F(EndpointTest, EveryStatusThatIsRetriedCounts) {
  for (const int status : {301, 408, 423, 425, 429, 503}) {
    EndpointConfig careful = config();
    careful.concurrency = 1;
    careful.breaker = {3, 1h, 1h};
    const auto endpoint = open(careful);
    service_.forget();
    service_.answer(WebAnswer{.status = status, .headers = "Retry-After: 0\r\n"});
    for (std::uint64_t key = 0; key < 10; ++key) send(*endpoint, {key});
    EXPECT_EQ(service_.count(), 3U) << status;
    EXPECT_EQ(endpoint->breaker(), flow::CircuitBreaker::State::open) << status;
  }
}

/// With n failures allowed, and a pause that has ended m times, there were n + m requests.
TEST_F(EndpointTest, RequestsAreBoundedByTheBreakersOpenings) {
  EndpointConfig careful = config();
  careful.concurrency = 1;
  careful.breaker = {3, 1ms, 2ms};
  const auto endpoint = open(careful);
  service_.answer(WebAnswer{.status = 423});
  std::size_t sent = 0;
  for (int i = 0; i < 200; ++i) {
    const bool may_be_sent = i < 3 || endpoint->breaker() != flow::CircuitBreaker::State::closed;
    EXPECT_TRUE(may_be_sent) << "closed again without an answer that was good";
    sent += send_one(*endpoint).kind == Kind::unsent ? 0 : 1;
  }
  EXPECT_EQ(service_.count(), sent);
  EXPECT_EQ(endpoint->breaker(), flow::CircuitBreaker::State::open) << "each try opens it anew";
}

TEST_F(EndpointTest, ARequestThatIsRefusedForGoodSaysNothingOfTheServer) {
  EndpointConfig careful = config();
  careful.breaker = {3, 1h, 1h};
  const auto endpoint = open(careful);
  service_.answer(WebAnswer{.status = 400});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(send_one(*endpoint).status, 400U);
  EXPECT_EQ(endpoint->breaker(), flow::CircuitBreaker::State::closed);
}

TEST_F(EndpointTest, ACallerThatStopsWaitsForNoAnswer) {
  EndpointConfig patient = config();
  patient.request_timeout = 1h;
  patient.breaker = {1, 1h, 1h};
  const auto endpoint = open(patient);
  service_.answer([](const WebRequest& request) {
    return WebAnswer{.way = request.target == "/1" ? WebAnswer::Way::silence : WebAnswer::Way::whole};
  });
  std::stop_source stop;
  Unsent unsent;
  std::vector<Answer> answers;
  {
    const std::jthread caller([&] { answers = send(*endpoint, {1, 2, 3}, &unsent, 1h, stop.get_token()); });
    // Two of them are answered, the other one is under way.
    while (service_.count() < 3) std::this_thread::yield();
    stop.request_stop();
  }
  EXPECT_TRUE(unsent.abandoned);
  EXPECT_EQ(answers[1].kind, Kind::unsent);
  EXPECT_EQ(endpoint->breaker(), flow::CircuitBreaker::State::closed) << "the server did nothing wrong";
  service_.forget();
  EXPECT_EQ(send_one(*endpoint).status, 200U) << "others go on";
  send(*endpoint, {1}, &unsent, 1h, stop.get_token());
  EXPECT_TRUE(unsent.abandoned);
  EXPECT_EQ(service_.count(), 1U) << "nothing is sent for one who has stopped";
}

TEST_F(EndpointTest, AServerThatAsksForTimeIsGivenIt) {
  EndpointConfig one = config();
  one.concurrency = 1;
  const auto endpoint = open(one);
  service_.answer(WebAnswer{.status = 429, .headers = "Retry-After: 3600\r\n"});
  Unsent unsent;
  const auto before = flow::Clock::now();
  const auto answers = send(*endpoint, {1, 2}, &unsent);
  EXPECT_EQ(answers[0].retry_after, 3600s);
  EXPECT_EQ(answers[1].kind, Kind::unsent);
  EXPECT_GT(*unsent.not_before, before + 3000s);
  EXPECT_EQ(endpoint->breaker(), flow::CircuitBreaker::State::closed);
}

TEST_F(EndpointTest, NothingBeginsBehindTheDeadline) {
  const auto endpoint = open(config());
  Unsent unsent;
  const auto answers = send(*endpoint, {1, 2}, &unsent, -1s);
  EXPECT_TRUE(unsent.late);
  EXPECT_EQ(answers[0].kind, Kind::unsent);
  EXPECT_EQ(service_.count(), 0U);
}

class TlsEndpointTest : public EndpointTest {
 protected:
  EndpointConfig tls_config(const WebService& service) const {
    EndpointConfig config = config_for(service.origin());
    config.ca_file = certificates_.authority();
    return config;
  }
  test::Certificates certificates_;
};

TEST_F(TlsEndpointTest, OnlyWhoeverTheAuthorityKnows) {
  const WebService secure({.certificate = certificates_.server()});
  EXPECT_EQ(send_one(*open(tls_config(secure))).status, 200U);
  EXPECT_FALSE(open(tls_config(secure))->try_connection());
  const test::Certificates others;
  EndpointConfig wrong = tls_config(secure);
  wrong.ca_file = others.authority();
  const Answer refused = send_one(*open(wrong));
  EXPECT_EQ(refused.kind, Kind::broken);
  EXPECT_NE(refused.text.find("certificate"), std::string::npos) << refused.text;
  wrong.ca_file.clear();
  EXPECT_EQ(send_one(*open(wrong)).kind, Kind::broken) << "the system does not know it";
  EXPECT_EQ(secure.count(), 1U);
}

TEST_F(TlsEndpointTest, BodiesOfAnySizeArrive) {
  WebService secure({.certificate = certificates_.server()});
  const auto endpoint = open(tls_config(secure));
  expect_bodies_arrive(*endpoint, secure);
}

/// The certificate is for 127.0.0.1.
TEST_F(TlsEndpointTest, TheCertificateHasToBeForTheHost) {
  const WebService secure({.certificate = certificates_.server()});
  EndpointConfig named = tls_config(secure);
  named.origin.host = "localhost";
  const Answer refused = send_one(*open(named));
  EXPECT_EQ(refused.kind, Kind::broken);
  EXPECT_NE(refused.text.find("it is for 127.0.0.1, and localhost is wanted"), std::string::npos)
      << refused.text;
  EXPECT_EQ(secure.count(), 0U);
}

TEST_F(TlsEndpointTest, AServerMayAskForACertificate) {
  const WebService secure({.certificate = certificates_.server(), .client_ca = certificates_.authority()});
  EndpointConfig config = tls_config(secure);
  EXPECT_EQ(send_one(*open(config)).kind, Kind::broken);
  config.cert_file = certificates_.client();
  EXPECT_EQ(send_one(*open(config)).status, 200U);
}

TEST_F(TlsEndpointTest, CertificatesThatCannotBeUsedAreSaidAtOnce) {
  EndpointConfig config = config_for("https://127.0.0.1:1");
  config.ca_file = "/no/such/file.pem";
  const auto opened = Endpoint::open(config);
  ASSERT_TRUE(std::holds_alternative<Error>(opened));
  EXPECT_EQ(std::get<Error>(opened).kind, ErrorKind::fatal);
  EXPECT_NE(std::get<Error>(opened).message.find("/no/such/file.pem"), std::string::npos);
}

}  // namespace
}  // namespace sluice::sinks::http
