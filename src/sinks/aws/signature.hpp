#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sinks/aws/credentials.hpp"

namespace sluice::sinks::aws {

/// What is signed of a request.
struct Signed {
  std::string_view method = "POST";
  std::string_view path = "/";  ///< percent-encoded, without `.` and `..`
  std::string_view query = {};  ///< percent-encoded
  /// Names and values, among them `Host`. Those of the signature itself are added.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body = {};
};

/// What a signature is valid for.
struct Scope {
  std::string region;
  std::string service;  ///< as in the credential scope, such as "sqs"
};

/// The lines `X-Amz-Date: ...`, `X-Amz-Security-Token: ...` (for temporary credentials) and
/// `Authorization: ...` of AWS's Signature Version 4, separated by line feeds.
std::string signature_headers(const Signed& request, const Credentials& credentials, const Scope& scope,
                              std::chrono::system_clock::time_point now);

}  // namespace sluice::sinks::aws
