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

/// Requests to web services. Only this folder uses the network library.
namespace sluice::sinks::webhook {

struct EndpointConfig {
  config::UrlOrigin origin;
  std::string ca_file;    ///< PEM; empty: the system's trusted authorities
  std::string cert_file;  ///< PEM, with its chain; empty: no client certificate
  std::string key_file;   ///< empty: the key is in cert_file
  std::size_t concurrency = 16;
  flow::Duration connect_timeout = std::chrono::seconds(5);
  flow::Duration request_timeout = std::chrono::seconds(10);  ///< without connecting
  flow::CircuitBreaker::Limits breaker;
};

/// A request. Its views must stay valid until send() returns.
struct Request {
  std::string_view method;
  std::string_view target;   ///< path and query
  std::string_view headers;  ///< lines `name: value`
  std::string_view body;
  std::uint64_t key = 0;  ///< requests with the same key are sent one at a time, in order
};

struct Answer {
  enum class Kind : std::uint8_t {
    unsent,
    answered,
    timed_out,
    broken,  ///< no connection, or the peer does not speak HTTP
  };
  Kind kind = Kind::unsent;
  unsigned status = 0;
  std::string text;  ///< the error, or the beginning of the body of an answer that is not 2xx
  std::optional<std::chrono::seconds> retry_after;
  flow::Duration took{};
  std::string location = {};  ///< the target of a redirect, if it is printable
};

/// Why some requests of a send() were not sent.
struct Unsent {
  bool late = false;                     ///< the deadline passed
  bool abandoned = false;                ///< the caller requested a stop
  std::optional<flow::Time> not_before;  ///< nothing is sent to the server before this time
};

/// What an answer means for the service and for later requests with the same key.
enum class Judgement : std::uint8_t {
  done,     ///< the next request with its key may be sent
  refused,  ///< this request is given up; it does not count as a failure of the service
  retry,    ///< the request has to be sent again; counts as a failure of the service, whatever the status
};

/// A web service and a pool of connections that are kept open between requests. The work is done on a thread
/// of its own. Several threads may call send() at once; they share the pool and its limit.
class Endpoint {
 public:
  /// Called on the endpoint's thread for each request that was sent and not abandoned. Must not throw.
  using Judge = std::function<Judgement(std::size_t index, const Answer& answer)>;

  /// Returns ErrorKind::fatal if the certificates cannot be used. Does not connect yet.
  static std::variant<std::unique_ptr<Endpoint>, Error> open(EndpointConfig config);
  /// No send() may be running. Waits for a running look-up of the host's name, which the resolver's own
  /// time-out limits.
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Sends the requests, and waits for the answers to all that were sent. A request is not started after
  /// `deadline`, while the circuit breaker is open, or after an unfinished request with the same key; it then
  /// stays Kind::unsent. If the server had closed an idle connection, the request is sent once more.
  ///
  /// When `stop` is requested the call returns at once: connections with running requests are closed, and
  /// those requests end as Kind::unsent, although the server may have received them.
  Unsent send(std::span<const Request> requests, std::span<Answer> answers, const Judge& judge,
              flow::Time deadline, const std::stop_token& stop = {});

  /// Opens one connection, or returns why it cannot. Sends nothing.
  std::optional<Error> try_connection();

  flow::CircuitBreaker::State breaker() const;
  const EndpointConfig& config() const;

 private:
  class Pool;
  explicit Endpoint(std::unique_ptr<Pool> pool);
  std::unique_ptr<Pool> pool_;
};

}  // namespace sluice::sinks::webhook
