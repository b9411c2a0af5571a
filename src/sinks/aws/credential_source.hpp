#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

#include "sinks/aws/credentials.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::aws {

/// Keeps the credentials that requests are signed with, and fetches them again before they expire.
/// Thread-safe. get() may block while it fetches, so it is called on blocking threads only.
class CredentialSource {
 public:
  using Time = std::chrono::system_clock::time_point;
  using Result = std::variant<Credentials, Error>;
  using Fetch = std::function<Result(const std::stop_token&)>;

  /// Credentials without an expiry are fetched again after this time: a file may have changed.
  static constexpr auto unlimited_for = std::chrono::seconds(30);
  /// Temporary ones are fetched again this long before they expire.
  static constexpr auto before_expiry = std::chrono::minutes(5);
  /// The least time between two fetches.
  static constexpr auto between_fetches = std::chrono::seconds(2);

  explicit CredentialSource(Fetch fetch) : fetch_(std::move(fetch)) {}

  /// The credentials to use at `now`. If they cannot be fetched again, the last ones are used until they
  /// expire. While one caller fetches, the others use the last ones, or wait if these have expired. `stop`
  /// ends a fetch early.
  Result get(Time now, const std::stop_token& stop = {});
  /// The service refused these credentials: the next get() fetches others, if there are any.
  void refused(const std::string& key_id);

 private:
  bool fresh(Time now) const;
  Result fetch(const std::stop_token& stop) const;
  Result fetched(Result result, bool valid);

  const Fetch fetch_;
  std::mutex mutex_;
  std::optional<Credentials> known_;
  std::optional<Error> failure_;  ///< of the last fetch
  Time fetched_{};                ///< when the last fetch began
  bool fetching_ = false;         ///< a caller fetches now, without the mutex
  std::condition_variable fetch_ended_;
  bool refused_ = false;
};

/// Looks for credentials in the configuration, then in the shared file, then at the metadata service of the
/// container, then at that of the instance. Blocks for some seconds at most, or until `stop`. Its error is of
/// the kind `unavailable`, because credentials may come to exist while the worker runs.
CredentialSource::Result fetch_credentials(const AwsConfig& config, const std::stop_token& stop = {});

}  // namespace sluice::sinks::aws
