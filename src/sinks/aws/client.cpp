#include "sinks/aws/client.hpp"

#include <array>
#include <utility>
#include <vector>

namespace sluice::sinks::aws {

namespace {

using Service = AwsPlan::Service;

constexpr std::size_t aws_connections = 16;
/// A worker goes on within seconds when the service does.
constexpr flow::CircuitBreaker::Limits aws_breaker{8, std::chrono::milliseconds(200),
                                                   std::chrono::seconds(5)};

/// Its name in host names and in the scope of signatures.
const char* service_name(Service service) {
  switch (service) {
    case Service::sqs:
      return "sqs";
    case Service::sns:
      return "sns";
    case Service::event_bridge:
      break;
  }
  return "events";
}

const char* advice_for(const Failure& failure) {
  switch (failure.remedy) {
    case Remedy::log_in:
      return "; check the credentials, and that their policy allows the action";
    case Remedy::missing:
      return "; create it, or correct the rule";
    default:
      return "";
  }
}

}  // namespace

std::string endpoint_url(const AwsConfig& config, Service service) {
  if (!config.endpoint.empty()) return config.endpoint;
  const char* domain = config.region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
  return std::string("https://") + service_name(service) + "." + config.region + domain;
}

std::variant<std::unique_ptr<Client>, Error> Client::open(const AwsConfig& config, Service service,
                                                          std::shared_ptr<CredentialSource> credentials) {
  if (config.region.empty())
    return Error{ErrorKind::fatal, 0, "AWS: there is no region; set 'aws.region' (or AWS_REGION)"};
  std::string_view rest;
  http::EndpointConfig endpoint;
  endpoint.origin = config::parse_origin(endpoint_url(config, service), rest);
  endpoint.concurrency = aws_connections;
  endpoint.connect_timeout = std::chrono::milliseconds(config.timeout_ms);
  endpoint.request_timeout = std::chrono::milliseconds(config.timeout_ms);
  endpoint.breaker = aws_breaker;
  endpoint.kept_body = 64 << 10;
  auto opened = http::Endpoint::open(std::move(endpoint));
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  Scope scope{config.region, service_name(service)};
  return std::unique_ptr<Client>(  // NOLINT: its maker is private
      new Client(service, std::move(scope), std::move(std::get<std::unique_ptr<http::Endpoint>>(opened)),
                 std::move(credentials)));
}

Client::Client(Service service, Scope scope, std::unique_ptr<http::Endpoint> endpoint,
               std::shared_ptr<CredentialSource> credentials)
    : service_(service),
      scope_(std::move(scope)),
      endpoint_(std::move(endpoint)),
      credentials_(std::move(credentials)) {}

std::string Client::headers_of(const Call& call, const Credentials& credentials) const {
  Signed request;
  request.body = call.body;
  request.headers = call.headers;
  request.headers.emplace_back("Host", endpoint_->config().origin.authority());
  std::string lines;
  for (const auto& [name, value] : call.headers) lines.append(name).append(": ").append(value).append("\n");
  return lines + signature_headers(request, credentials, scope_, std::chrono::system_clock::now());
}

std::variant<http::Unsent, Error> Client::send(std::span<const Call> calls, std::span<http::Answer> answers,
                                               flow::Time deadline, const std::stop_token& stop) {
  const auto got = credentials_->get(std::chrono::system_clock::now(), stop);
  if (const auto* error = std::get_if<Error>(&got)) return *error;
  const auto& credentials = std::get<Credentials>(got);
  std::vector<std::string> headers;
  headers.reserve(calls.size());
  std::vector<http::Request> requests;
  requests.reserve(calls.size());
  for (const Call& call : calls) {
    headers.push_back(headers_of(call, credentials));
    requests.push_back({"POST", "/", headers.back(), call.body, requests.size()});
  }
  const auto judge = [this](std::size_t, const http::Answer& answer) {
    switch (failure_of(answer).remedy) {
      case Remedy::none:
        return http::Judgement::done;
      case Remedy::wait:
        return http::Judgement::retry;
      default:
        return http::Judgement::refused;
    }
  };
  const http::Unsent unsent = endpoint_->send(requests, answers, judge, deadline, stop);
  for (const http::Answer& answer : answers) {
    if (answer.kind == http::Answer::Kind::answered && failure_of(answer).remedy == Remedy::log_in) {
      credentials_->refused(credentials.key_id);
      break;
    }
  }
  return unsent;
}

http::Answer Client::ask(const Call& call, const std::stop_token& stop) {
  std::array<http::Answer, 1> answers;
  const auto sent = send(std::span(&call, 1), answers, flow::Clock::now() + most_asking, stop);
  http::Answer& answer = answers[0];
  if (const auto* error = std::get_if<Error>(&sent)) {
    answer.text = error->message;
  } else if (answer.kind == http::Answer::Kind::unsent) {
    answer.text = not_asked;
  }
  return std::move(answer);
}

Failure Client::failure_of(const http::Answer& answer) const {
  return service_ == Service::sns ? query_failure(answer) : json_failure(answer);
}

BatchAnswer Client::batch_answer(const http::Answer& answer, std::size_t entries) const {
  switch (service_) {
    case Service::sqs:
      return sqs_answer(answer, entries);
    case Service::sns:
      return sns_answer(answer, entries);
    case Service::event_bridge:
      break;
  }
  return event_bridge_answer(answer, entries);
}

Error Client::error_of(const Failure& failure, std::string_view target) const {
  const ErrorKind kind = failure.remedy == Remedy::refuse ? ErrorKind::own_fault : ErrorKind::unavailable;
  std::string text = std::string(target_name(service_)) + " " + std::string(target) + " at " + where() + ": ";
  if (!failure.code.empty()) text += failure.code + ": ";
  return {kind, 0, text + failure.message + advice_for(failure)};
}

}  // namespace sluice::sinks::aws
