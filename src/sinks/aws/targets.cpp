#include "sinks/aws/targets.hpp"

#include <algorithm>

#include "sinks/aws/json.hpp"

namespace sluice::sinks::aws {

namespace {

bool is_url(std::string_view target) {
  return target.starts_with("http://") || target.starts_with("https://");
}

/// The region in `arn:aws:sns:REGION:...` or `https://sqs.REGION.amazonaws.com/...`; "" if there is none.
std::string_view region_in(std::string_view target) {
  const auto between = [](std::string_view text, std::string_view before, std::string_view after) {
    const auto begin = text.find(before);
    if (begin == text.npos) return std::string_view();
    text.remove_prefix(begin + before.size());
    const auto end = text.find(after);
    return end == text.npos ? std::string_view() : text.substr(0, end);
  };
  if (is_url(target)) return between(target, "://sqs.", ".amazonaws.com");
  if (!target.starts_with("arn:")) return {};
  for (int i = 0; i < 3; ++i) target.remove_prefix(std::min(target.find(':') + 1, target.size()));
  return target.substr(0, target.find(':'));
}

/// The service knows the credentials, and refuses only this question.
bool refuses_the_question(std::string_view code) {
  return code.find("AccessDenied") != code.npos || code.find("AuthorizationError") != code.npos ||
         code.find("NotAuthorized") != code.npos;
}

}  // namespace

std::string why_not_in(std::string_view region, std::string_view target) {
  const std::string_view stated = region_in(target);
  if (stated.empty() || stated == region) return {};
  return "it is in the region " + std::string(stated) + ", but 'aws.region' is " + std::string(region) +
         "; correct one of them";
}

Targets::Targets(const AwsConfig& config)
    : config_(config), credentials_(std::make_shared<CredentialSource>([config](const std::stop_token& stop) {
        return fetch_credentials(config, stop);
      })) {}

std::variant<Client*, Error> Targets::client(AwsPlan::Service service) {
  const std::lock_guard lock(mutex_);
  auto& known = clients_.at(static_cast<std::size_t>(service));
  if (!known) {
    auto opened = Client::open(config_, service, credentials_);
    if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
    known = std::move(std::get<std::unique_ptr<Client>>(opened));
  }
  return known.get();
}

std::optional<std::variant<std::string, Error>> Targets::address(const Client& client,
                                                                 const std::string& target) {
  if (const std::string why = why_not_in(config_.region, target); !why.empty())
    return client.error_of({Remedy::wait, "", why}, target);
  if (client.service() != AwsPlan::Service::sqs || is_url(target)) return target;
  const std::lock_guard lock(mutex_);
  const auto found = urls_.find(target);
  if (found == urls_.end()) return std::nullopt;
  return found->second;
}

std::variant<http::Unsent, Error> Targets::ask(Client& client, const std::vector<std::string>& queues,
                                               flow::Time deadline, const std::stop_token& stop,
                                               const std::function<void(Error)>& failed) {
  std::vector<Call> calls;
  calls.reserve(queues.size());
  for (const std::string& queue : queues) calls.push_back(queue_url_call(queue));
  std::vector<http::Answer> answers(calls.size());
  auto sent = client.send(calls, answers, deadline, stop);
  for (std::size_t i = 0; i < queues.size(); ++i) {
    if (answers[i].kind == http::Answer::Kind::unsent) continue;
    if (const Failure failure = client.failure_of(answers[i])) {
      // Whatever is wrong with the name, the message is not at fault.
      Error error = client.error_of(failure, queues[i]);
      error.kind = ErrorKind::unavailable;
      failed(std::move(error));
      continue;
    }
    const JsonAnswer parsed(answers[i].body);
    std::string url(parsed.root().at("QueueUrl").text());
    if (url.empty()) {
      failed(client.error_of({Remedy::wait, "", "the answer has no QueueUrl"}, queues[i]));
      continue;
    }
    const std::lock_guard lock(mutex_);
    urls_[queues[i]] = std::move(url);
  }
  return sent;
}

void Targets::forget(const std::string& target) {
  const std::lock_guard lock(mutex_);
  urls_.erase(target);
}

std::optional<Error> Targets::look(Client& client, const std::string& target, bool& unsure,
                                   const std::stop_token& stop) {
  unsure = false;
  auto known = address(client, target);
  if (!known) {
    std::optional<Error> why = client.error_of({Remedy::wait, "", not_asked}, target);
    const auto sent = ask(client, {target}, flow::Clock::now() + most_asking, stop,
                          [&why](Error error) { why = std::move(error); });
    if (const auto* error = std::get_if<Error>(&sent)) return *error;
    known = address(client, target);
    if (!known) return why;
  }
  if (auto* error = std::get_if<Error>(&*known)) return std::move(*error);
  const Call call = look_call(client.service(), std::get<std::string>(*known));
  const Failure failure = client.failure_of(client.ask(call, stop));
  unsure = failure.remedy == Remedy::log_in && refuses_the_question(failure.code);
  if (!failure || unsure) return std::nullopt;
  if (failure.remedy == Remedy::missing) forget(target);
  Error error = client.error_of(failure, target);
  error.kind = ErrorKind::unavailable;
  return error;
}

}  // namespace sluice::sinks::aws
