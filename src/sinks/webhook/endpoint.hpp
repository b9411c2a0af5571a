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

/// Requests to web services. The network library stays within these files.
namespace sluice::sinks::webhook {

struct EndpointConfig {
  config::UrlOrigin origin;
  std::string ca_file;    ///< PEM; empty: the authorities that the system trusts
  std::string cert_file;  ///< PEM, with its chain; empty: none is shown
  std::string key_file;   ///< empty: the key is in cert_file
  std::size_t concurrency = 16;
  flow::Duration connect_timeout = std::chrono::seconds(5);
  flow::Duration request_timeout = std::chrono::seconds(10);  ///< connecting not included
  flow::CircuitBreaker::Limits breaker;
};

/// Everything in it stays the caller's until send() returns.
struct Request {
  std::string_view method;
  std::string_view target;   ///< path and query
  std::string_view headers;  ///< lines of `name: value`
  std::string_view body;
  std::uint64_t key = 0;  ///< of those with one key one is sent at a time, in their order
};

struct Answer {
  enum class Kind : std::uint8_t {
    unsent,
    answered,
    timed_out,
    broken,  ///< no connection, or no HTTP came over it
  };
  Kind kind = Kind::unsent;
  unsigned status = 0;
  std::string text;  ///< what went wrong; of an answer that is not 2xx, how its body begins
  std::optional<std::chrono::seconds> retry_after;
  flow::Duration took{};
  std::string location = {};  ///< where a redirect leads, as far as it is printable
};

/// How a call of send() ended, where some requests were not sent at all.
struct Unsent {
  bool late = false;                     ///< the time was up
  bool abandoned = false;                ///< the caller asked to stop
  std::optional<flow::Time> not_before;  ///< the server is given time until then
};

/// What an answer means to the service and to the requests behind it.
enum class Judgement : std::uint8_t {
  done,     ///< the next request of its key may go
  refused,  ///< this request is given up; the service itself may be well
  retry,    ///< the request has to be sent again: a failure of the service, whatever the status
};

/// One web service, and a pool of connections to it that are kept open between requests. The work is done on
/// a thread of its own. send() may be called by several threads at once: they share the pool and its limit.
class Endpoint {
 public:
  /// Called on the endpoint's thread for each request that was sent and not abandoned; must not throw.
  using Judge = std::function<Judgement(std::size_t index, const Answer& answer)>;

  /// ErrorKind::fatal for certificates that cannot be used. Connects to nobody yet.
  static std::variant<std::unique_ptr<Endpoint>, Error> open(EndpointConfig config);
  /// No send() may be under way. A look-up of the host's name that is, is waited for: the resolver's own
  /// time-out bounds that.
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Sends the requests, and waits for the answers to all that it sent. None is begun after `deadline`, while
  /// the server is given up, or behind a request of the same key that is not done; these stay Kind::unsent.
  /// A request that met with a connection which the server had closed meanwhile is sent once more.
  /// When `stop` is requested the call returns at once: connections with requests under way are closed, and
  /// those requests end as Kind::unsent, although the server may have received them.
  Unsent send(std::span<const Request> requests, std::span<Answer> answers, const Judge& judge,
              flow::Time deadline, const std::stop_token& stop = {});

  /// Opens one connection, or says why there is none. Sends nothing over it.
  std::optional<Error> try_connection();

  flow::CircuitBreaker::State breaker() const;
  const EndpointConfig& config() const;

 private:
  class Pool;
  explicit Endpoint(std::unique_ptr<Pool> pool);
  std::unique_ptr<Pool> pool_;
};

}  // namespace sluice::sinks::webhook
