#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <variant>

#include "sinks/aws/answers.hpp"
#include "sinks/aws/credential_source.hpp"
#include "sinks/aws/requests.hpp"
#include "sinks/aws/signature.hpp"
#include "sinks/http/endpoint.hpp"

namespace sluice::sinks::aws {

/// How long to wait for the answer to a single call.
inline constexpr auto most_asking = std::chrono::seconds(5);
/// Why a call was not sent.
inline constexpr const char* not_asked = "nothing is sent for a while, because the last requests failed";

/// Signs requests to one service and sends them. Its functions may be called from any thread, and block.
class Client {
 public:
  /// An error of the kind `fatal` if the configuration names no region. Does not connect.
  static std::variant<std::unique_ptr<Client>, Error> open(const AwsConfig& config, AwsPlan::Service service,
                                                           std::shared_ptr<CredentialSource> credentials);

  AwsPlan::Service service() const { return service_; }
  /// The URL of the endpoint.
  std::string where() const { return endpoint_->config().origin.text(); }
  bool struggles() const { return endpoint_->breaker() != flow::CircuitBreaker::State::closed; }

  /// Sends the calls over several connections, in no order (see Endpoint::send). Returns an error if there
  /// are no credentials; then nothing was sent.
  std::variant<http::Unsent, Error> send(std::span<const Call> calls, std::span<http::Answer> answers,
                                         flow::Time deadline, const std::stop_token& stop);
  /// Sends one call, and waits a few seconds for its answer.
  http::Answer ask(const Call& call, const std::stop_token& stop);

  /// The failure in the answer of a call.
  Failure failure_of(const http::Answer& answer) const;
  /// The failures in the answer to batch_call().
  BatchAnswer batch_answer(const http::Answer& answer, std::size_t entries) const;
  /// What to report about a failure with a queue, topic or bus, with advice. Its kind is own_fault for
  /// Remedy::refuse, and `unavailable` otherwise: an operator can correct the cause while the worker runs.
  Error error_of(const Failure& failure, std::string_view target) const;

  /// Opens one connection and closes it again. Returns the error if that fails.
  std::optional<Error> try_connection() { return endpoint_->try_connection(); }

 private:
  Client(AwsPlan::Service service, Scope scope, std::unique_ptr<http::Endpoint> endpoint,
         std::shared_ptr<CredentialSource> credentials);
  std::string headers_of(const Call& call, const Credentials& credentials) const;

  const AwsPlan::Service service_;
  const Scope scope_;
  const std::unique_ptr<http::Endpoint> endpoint_;
  const std::shared_ptr<CredentialSource> credentials_;
};

/// The URL of a service's endpoint.
std::string endpoint_url(const AwsConfig& config, AwsPlan::Service service);

}  // namespace sluice::sinks::aws
