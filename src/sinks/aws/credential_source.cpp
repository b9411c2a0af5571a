#include "sinks/aws/credential_source.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sinks/http/endpoint.hpp"

namespace sluice::sinks::aws {

bool CredentialSource::fresh(Time now) const {
  if (!known_ || refused_) return false;
  return known_->expires ? now + before_expiry < *known_->expires : now < fetched_ + unlimited_for;
}

CredentialSource::Result CredentialSource::get(Time now, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool valid = known_ && (!known_->expires || now < *known_->expires);
  if (fetching_ && valid) return *known_;
  fetch_ended_.wait(lock, [this] { return !fetching_; });
  if (fresh(now)) return *known_;
  if (now < fetched_ + between_fetches) {
    if (valid && known_) return *known_;
    if (failure_) return *failure_;
  }
  fetched_ = now;
  fetching_ = true;
  lock.unlock();
  Result result = fetch(stop);
  lock.lock();
  fetching_ = false;
  fetch_ended_.notify_all();
  return fetched(std::move(result), valid);
}

/// An exception, such as one for lack of memory, is an error like others: callers wait for the fetch to end.
CredentialSource::Result CredentialSource::fetch(const std::stop_token& stop) const {
  try {
    return fetch_(stop);
  } catch (const std::exception& error) {
    return Error{ErrorKind::unavailable, 0,
                 std::string("the AWS credentials cannot be read: ") + error.what()};
  }
}

/// Keeps the result of a fetch. `valid`: the last credentials have not expired.
CredentialSource::Result CredentialSource::fetched(Result result, bool valid) {
  if (const auto* error = std::get_if<Error>(&result)) {
    failure_ = *error;
    if (valid) return *known_;
    known_.reset();
    return result;
  }
  known_ = std::get<Credentials>(result);
  failure_.reset();
  refused_ = false;
  return result;
}

void CredentialSource::refused(const std::string& key_id) {
  const std::lock_guard lock(mutex_);
  if (known_ && known_->key_id == key_id) refused_ = true;
}

namespace {

using Result = CredentialSource::Result;

constexpr const char* ecs_host = "http://169.254.170.2";
constexpr const char* role_path = "/latest/meta-data/iam/security-credentials/";

Error no_credentials(const std::string& why) {
  return {ErrorKind::unavailable, 0, "no AWS credentials: " + why};
}

/// Every place where credentials are looked for, in the order of the search.
std::string places(const AwsConfig& config) {
  return "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or 'aws.access_key_id' and "
         "'aws.secret_access_key'), or write the profile '" +
         config.profile +
         "' into ~/.aws/credentials or the file that 'aws.credentials_file' "
         "(AWS_SHARED_CREDENTIALS_FILE) names, or give the container or instance a role, which its metadata "
         "service tells";
}

std::optional<std::string> read_whole(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// One request to a metadata service. Returns the body of an answer with the status 200.
std::variant<std::string, Error> ask(http::Endpoint& endpoint, std::string_view method,
                                     const std::string& target, const std::string& headers,
                                     const std::stop_token& stop) {
  const std::array requests{http::Request{method, target, headers, {}}};
  std::array<http::Answer, 1> answers;
  const auto judge = [](std::size_t, const http::Answer&) { return http::Judgement::done; };
  endpoint.send(requests, answers, judge, flow::Clock::now() + std::chrono::seconds(3), stop);
  const http::Answer& answer = answers[0];
  if (answer.kind == http::Answer::Kind::answered && answer.status == 200) return answer.body;
  const std::string what =
      answer.kind == http::Answer::Kind::answered ? "answered " + std::to_string(answer.status) + ": " : "";
  return no_credentials(endpoint.config().origin.text() + ": " + what + answer.text);
}

std::variant<std::unique_ptr<http::Endpoint>, Error> metadata_endpoint(const std::string& url,
                                                                       std::string& path) {
  std::string_view rest;
  http::EndpointConfig config;
  config.origin = config::parse_origin(url, rest);
  config.concurrency = 1;
  config.connect_timeout = std::chrono::seconds(1);
  config.request_timeout = std::chrono::seconds(2);
  config.kept_body = 64 << 10;
  path = rest;
  return http::Endpoint::open(std::move(config));
}

Result in_answer(const std::variant<std::string, Error>& answer, const std::string& where) {
  if (const auto* error = std::get_if<Error>(&answer)) return *error;
  auto found = credentials_in_answer(std::get<std::string>(answer));
  if (!found) return no_credentials("the answer of " + where + " holds none");
  return *found;
}

Result of_the_container(const AwsConfig& config, const std::stop_token& stop) {
  const std::string url =
      config.container_url.empty() ? ecs_host + config.container_path : config.container_url;
  std::string token = config.container_token;
  if (!config.container_token_file.empty()) {
    const auto read = read_whole(config.container_token_file);
    if (!read) return no_credentials("cannot read " + config.container_token_file);
    token = read->substr(0, read->find_first_of("\r\n"));
  }
  std::string path;
  auto opened = metadata_endpoint(url, path);
  if (auto* error = std::get_if<Error>(&opened)) return *error;
  http::Endpoint& endpoint = *std::get<std::unique_ptr<http::Endpoint>>(opened);
  const std::string headers = token.empty() ? "" : "Authorization: " + token;
  return in_answer(ask(endpoint, "GET", path.empty() ? "/" : path, headers, stop),
                   endpoint.config().origin.text());
}

/// IMDSv2: a token first, then the name of the role, then its credentials.
Result of_the_instance(const AwsConfig& config, const std::stop_token& stop) {
  std::string path;
  auto opened = metadata_endpoint(config.metadata_endpoint, path);
  if (auto* error = std::get_if<Error>(&opened)) return *error;
  http::Endpoint& endpoint = *std::get<std::unique_ptr<http::Endpoint>>(opened);
  while (path.ends_with('/')) path.pop_back();
  const auto token =
      ask(endpoint, "PUT", path + "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 300", stop);
  if (const auto* error = std::get_if<Error>(&token)) return *error;
  const std::string headers = "X-aws-ec2-metadata-token: " + std::get<std::string>(token);
  const auto role = ask(endpoint, "GET", path + role_path, headers, stop);
  if (const auto* error = std::get_if<Error>(&role)) return *error;
  const std::string& name = std::get<std::string>(role);
  return in_answer(
      ask(endpoint, "GET", path + role_path + name.substr(0, name.find_first_of("\r\n")), headers, stop),
      endpoint.config().origin.text());
}

std::optional<Result> in_the_file(const AwsConfig& config) {
  std::string file = config.credentials_file;
  if (file.empty()) {
    const char* home = std::getenv("HOME");
    if (home == nullptr) return std::nullopt;
    file = std::string(home) + "/.aws/credentials";
  }
  const auto text = read_whole(file);
  const bool stated = !config.credentials_file.empty();
  if (!text && !stated) return std::nullopt;
  if (!text) return no_credentials("cannot read " + file);
  auto found = credentials_in_file(*text, config.profile);
  if (found) return *found;
  if (!stated && config.profile == AwsConfig().profile) return std::nullopt;
  return no_credentials(file + " has no profile '" + config.profile +
                        "' with aws_access_key_id and aws_secret_access_key");
}

}  // namespace

namespace {

Result look_everywhere(const AwsConfig& config, const std::stop_token& stop) {
  if (!config.access_key_id.empty() || !config.secret_access_key.empty()) {
    if (config.access_key_id.empty() || config.secret_access_key.empty())
      return no_credentials("set both aws.access_key_id and aws.secret_access_key");
    return Credentials{config.access_key_id, config.secret_access_key, config.session_token};
  }
  if (auto found = in_the_file(config)) return *found;
  if (!config.container_url.empty() || !config.container_path.empty()) return of_the_container(config, stop);
  if (config.metadata_disabled)
    return no_credentials("none are set, and the instance's metadata service is turned off");
  return of_the_instance(config, stop);
}

}  // namespace

CredentialSource::Result fetch_credentials(const AwsConfig& config, const std::stop_token& stop) {
  Result result = look_everywhere(config, stop);
  const bool half_stated = config.access_key_id.empty() != config.secret_access_key.empty();
  if (auto* error = std::get_if<Error>(&result); error != nullptr && !half_stated)
    error->message += places(config);
  return result;
}

}  // namespace sluice::sinks::aws
