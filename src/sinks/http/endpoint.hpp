#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

#include "config/addresses/url_origin.hpp"
#include "flow/circuit_breaker.hpp"
#include "flow/time.hpp"
#include "sluice/error.hpp"

/// An HTTP client: requests to one server each, over connections that are kept.
namespace sluice::sinks::http {

struct EndpointConfig {
  config::UrlOrigin origin;
  std::string ca_file;    ///< PEM; empty: the system's certificate authorities
  std::string cert_file;  ///< PEM, with its chain; empty: no client certificate is sent
  std::string key_file;   ///< empty: the key is in cert_file
  std::size_t concurrency = 16;
  flow::Duration connect_timeout = std::chrono::seconds(5);
  flow::Duration request_timeout = std::chrono::seconds(10);  ///< for a whole request, without connecting
  flow::CircuitBreaker::Limits breaker;
  std::size_t kept_body = 0;  ///< bytes of each answer's body that are kept in Answer::body; 64 KiB at most
};

/// A request. The caller owns the data of its views and keeps them alive until send() returns.
struct Request {
  std::string_view method;
  std::string_view target;   ///< path and query
  std::string_view headers;  ///< lines of `name: value`
  std::string_view body;
  std::uint64_t key = 0;  ///< requests with the same key are sent one after the other, in their order
};

struct Answer {
  enum class Kind : std::uint8_t {
    unsent,
    answered,
    timed_out,
    broken,  ///< no connection, or the answer was cut off or is not HTTP
  };
  Kind kind = Kind::unsent;
  unsigned status = 0;
  std::string text;  ///< what went wrong; with a status other than 2xx, the beginning of the body
  std::optional<std::chrono::seconds> retry_after;
  flow::Duration took{};
  std::string location = {};  ///< target of a redirect; unprintable characters are replaced by spaces
  std::string body = {};      ///< see EndpointConfig::kept_body
};

/// Why send() left requests unsent.
struct Unsent {
  bool late = false;                     ///< the deadline has passed
  bool abandoned = false;                ///< the caller requested a stop
  std::optional<flow::Time> not_before;  ///< the circuit breaker lets no request pass until then
};

/// What an answer means for the service and for later requests of the same key.
enum class Judgement : std::uint8_t {
  done,     ///< the next request of the key may be sent
  refused,  ///< the request is given up; the service itself may work
  retry,    ///< the request has to be sent again; counts as a failure of the service, whatever the status
};

/// One web service, with a pool of connections that are kept open between requests and a thread that does the
/// I/O. send() may be called by several threads at once: they share the pool and its limit.
class Endpoint {
 public:
  /// Called on the endpoint's thread for each request that was sent and not abandoned; must not throw.
  using Judge = std::function<Judgement(std::size_t index, const Answer& answer)>;

  /// Returns ErrorKind::fatal for unusable certificates. Does not connect yet.
  static std::variant<std::unique_ptr<Endpoint>, Error> open(EndpointConfig config);
  /// No send() may be under way. Waits for a DNS look-up that is under way, at most for the resolver's
  /// time-out.
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Sends the requests, and waits for the answers to those that were sent. A request stays Kind::unsent if
  /// it was not begun before `deadline`, if the circuit breaker is open, or if an earlier request of its key
  /// is not done. A request is sent once more if the server had already closed the kept connection that it
  /// was sent on. When `stop` is requested, the call returns at once: the connections of its requests are
  /// closed, and these requests end as Kind::unsent, although the server may have received them.
  Unsent send(std::span<const Request> requests, std::span<Answer> answers, const Judge& judge,
              flow::Time deadline, const std::stop_token& stop = {});

  /// Opens one connection and closes it again. Returns the error if that fails. Sends no request.
  std::optional<Error> try_connection();

  flow::CircuitBreaker::State breaker() const;
  const EndpointConfig& config() const;

 private:
  class Pool;
  explicit Endpoint(std::unique_ptr<Pool> pool);
  std::unique_ptr<Pool> pool_;
};

}  // namespace sluice::sinks::http
