#include "sinks/aws/signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "sinks/aws/digest.hpp"
#include "text/hex.hpp"

namespace sluice::sinks::aws {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

/// `20150830T123600Z`
std::string signing_time(std::chrono::system_clock::time_point now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[sizeof "20150830T123600Z"];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return text;
}

/// Without blanks at both ends, and with one blank instead of several.
std::string trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

/// The parameters in the order of their names and values. One without `=` has an empty value.
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    const auto equals = std::min(one.find('='), one.size());
    parameters.emplace_back(one.substr(0, equals), one.substr(std::min(equals + 1, one.size())));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::ranges::sort(parameters);
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::string signing_key(const Credentials& credentials, const Scope& scope, std::string_view day) {
  std::string key = hmac_sha256("AWS4" + credentials.secret, day);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = hmac_sha256(key, part);
  }
  return key;
}

}  // namespace

std::string signature_headers(const Signed& request, const Credentials& credentials, const Scope& scope,
                              std::chrono::system_clock::time_point now) {
  const std::string time = signing_time(now);
  const std::string_view day = std::string_view(time).substr(0, 8);
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string& known = headers[lower];
    known += (known.empty() ? "" : ",") + trimmed(value);
  }
  headers["x-amz-date"] = time;
  if (!credentials.session_token.empty()) headers["x-amz-security-token"] = credentials.session_token;

  std::string canonical =
      fmt::format("{}\n{}\n{}\n", request.method, request.path, canonical_query(request.query));
  std::string names;
  for (const auto& [name, value] : headers) {
    canonical += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  canonical += fmt::format("\n{}\n{}", names, sha256_hex(request.body));

  const std::string credential_scope = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", algorithm, time, credential_scope, sha256_hex(canonical));
  const std::string code = hmac_sha256(signing_key(credentials, scope, day), to_sign);
  std::string signature;
  text::append_hex(signature, reinterpret_cast<const std::uint8_t*>(code.data()), code.size());

  std::string lines = "X-Amz-Date: " + time;
  if (!credentials.session_token.empty()) lines += "\nX-Amz-Security-Token: " + credentials.session_token;
  return lines + fmt::format("\nAuthorization: {} Credential={}/{}, SignedHeaders={}, Signature={}",
                             algorithm, credentials.key_id, credential_scope, names, signature);
}

}  // namespace sluice::sinks::aws
