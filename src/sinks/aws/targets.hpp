#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sinks/aws/client.hpp"

namespace sluice::sinks::aws {

/// Why a target with this region in its ARN or URL cannot be reached in `region`; "" if it can.
std::string why_not_in(std::string_view region, std::string_view target);

/// The queues, topics and buses that are published to, and the clients of their services. Thread-safe.
class Targets {
 public:
  explicit Targets(const AwsConfig& config);

  /// The client of a service, which is opened at the first call.
  std::variant<Client*, Error> client(AwsPlan::Service service);

  /// What a batch is sent to: the URL of a queue that is stated by its name, and otherwise the target itself.
  /// Nothing if the URL has to be asked for. An error if the target is in another region.
  std::optional<std::variant<std::string, Error>> address(const Client& client, const std::string& target);
  /// Asks for the URLs of these queues, all at the same time. address() knows them afterwards. Calls `failed`
  /// for each that the service does not tell. The result is that of Client::send().
  std::variant<http::Unsent, Error> ask(Client& client, const std::vector<std::string>& queues,
                                        flow::Time deadline, const std::stop_token& stop,
                                        const std::function<void(Error)>& failed);
  /// The queue's URL may have changed: it is asked for again.
  void forget(const std::string& target);

  /// Whether the target exists. Nothing if it does; `unsure` is set if the credentials do not allow the
  /// question.
  std::optional<Error> look(Client& client, const std::string& target, bool& unsure,
                            const std::stop_token& stop);

 private:
  const AwsConfig config_;
  const std::shared_ptr<CredentialSource> credentials_;
  std::mutex mutex_;
  std::array<std::unique_ptr<Client>, 3> clients_;  ///< by service; protected by mutex_
  std::map<std::string, std::string> urls_;         ///< of queues, by name; protected by mutex_
};

}  // namespace sluice::sinks::aws
