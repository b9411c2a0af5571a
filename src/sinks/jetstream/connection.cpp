#include "sinks/jetstream/connection.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <vector>

#include "config/secret_file.hpp"
#include "sinks/jetstream/callback.hpp"
#include "text/url.hpp"
#include "tls/probe.hpp"

namespace sluice::sinks::jetstream {

namespace {

constexpr std::int64_t connect_ms = 3000;
constexpr std::int64_t ping_ms = 5000;
constexpr int pings_unanswered = 2;  // after so many, the connection counts as lost
constexpr std::int64_t reconnect_ms = 200;
constexpr std::int64_t reconnect_jitter_ms = 100;
// A server that reads nothing for so long counts as lost. Pings cannot detect it, since they wait behind the
// data.
constexpr std::int64_t write_ms = 5000;
constexpr std::int64_t end_ms = 500;
// Ended subscriptions that are kept before they are destroyed together.
constexpr std::size_t most_ended = 16;
constexpr int buffer_bytes = 256 << 10;
constexpr int default_port = 4222;
constexpr std::size_t most_servers_asked = 3;

std::vector<std::string> servers_of(const std::string& urls) {
  std::vector<std::string> servers;
  std::stringstream text(urls);
  for (std::string one; std::getline(text, one, ',');) {
    const auto from = one.find_first_not_of(' ');
    if (from != std::string::npos) servers.push_back(one.substr(from, one.find_last_not_of(' ') - from + 1));
  }
  return servers;
}

/// Text about a server's certificate that is for other names, which libnats does not report; "" if that is
/// not the cause of the error. Tries three servers at most, and blocks for a second at most for each.
std::string wrong_certificate(natsStatus status, const std::vector<std::string>& servers) {
  if (status != NATS_SSL_ERROR) return {};
  const std::size_t count = std::min(servers.size(), most_servers_asked);
  for (std::size_t i = 0; i < count; ++i) {
    const ServerPlace place = place_of(servers[i]);
    std::string found = tls::certificate_for_others(place.host, place.port, tls::Greeting::line);
    if (!found.empty()) return found;
  }
  return {};
}

std::string secret_of(const std::string& stated, const std::string& file) {
  return file.empty() ? stated : config::secret_in(file, "NATS");
}

natsStatus add_secrets(const NatsConfig& config, natsOptions* options) {
  natsStatus status = NATS_OK;
  const std::string token = secret_of(config.token, config.token_file);
  if (!config.user.empty()) {
    const std::string password = secret_of(config.password, config.password_file);
    status = natsOptions_SetUserInfo(options, config.user.c_str(), password.c_str());
  }
  if (status == NATS_OK && !token.empty()) status = natsOptions_SetToken(options, token.c_str());
  if (status == NATS_OK && !config.creds_file.empty()) {
    status = natsOptions_SetUserCredentialsFromFiles(options, config.creds_file.c_str(), nullptr);
  }
  if (status == NATS_OK && !config.nkey_file.empty()) {
    status = natsOptions_SetNKeyFromSeed(options, config.nkey.c_str(), config.nkey_file.c_str());
  }
  return status;
}

natsStatus add_tls(const NatsConfig& config, natsOptions* options) {
  natsStatus status = NATS_OK;
  if (!config.ca_file.empty()) {
    status = natsOptions_LoadCATrustedCertificates(options, config.ca_file.c_str());
  }
  if (status == NATS_OK && !config.cert_file.empty()) {
    status = natsOptions_LoadCertificatesChain(options, config.cert_file.c_str(), config.key_file.c_str());
  }
  const bool secure = !config.ca_file.empty() || !config.cert_file.empty();
  return status == NATS_OK && secure ? natsOptions_SetSecure(options, true) : status;
}

}  // namespace

ServerPlace place_of(std::string_view url) {
  url.remove_prefix(text::behind_scheme(url));
  url = url.substr(0, url.find('/'));
  if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  const auto split = text::split_host(url);
  ServerPlace place{std::string(split ? split->host : url), default_port};
  if (!split || !split->rest.starts_with(':')) return place;
  place.port = text::parse_port(split->rest.substr(1)).value_or(default_port);
  return place;
}

Error error_of(natsStatus status, const std::string& doing) {
  std::string text = doing + ": " + natsStatus_GetText(status);
  const char* more = nats_GetLastError(nullptr);
  if (more != nullptr && *more != '\0' && text.find(more) == std::string::npos)
    text += std::string(" (") + more + ")";
  return {ErrorKind::unavailable, static_cast<std::int32_t>(status), text};
}

natsStatus Connection::prepare(const NatsConfig& config, natsOptions* options) {
  const std::vector<std::string> servers = servers_of(config.url);
  std::vector<const char*> texts;
  for (const std::string& server : servers) texts.push_back(server.c_str());
  const auto count = static_cast<int>(texts.size());
  natsStatus status = natsOptions_SetServers(options, texts.data(), count);
  const auto then = [&](natsStatus next) { status = status == NATS_OK ? next : status; };
  then(natsOptions_SetName(options, "sluice"));
  then(natsOptions_SetTimeout(options, connect_ms));
  then(natsOptions_SetPingInterval(options, ping_ms));
  then(natsOptions_SetMaxPingsOut(options, pings_unanswered));
  then(natsOptions_SetMaxReconnect(options, -1));
  then(natsOptions_SetReconnectWait(options, reconnect_ms));
  then(natsOptions_SetReconnectJitter(options, reconnect_jitter_ms, reconnect_jitter_ms));
  then(natsOptions_SetWriteDeadline(options, write_ms));
  then(natsOptions_SetIOBufSize(options, buffer_bytes));
  then(natsOptions_SetDisconnectedCB(options, on_disconnected, this));
  then(natsOptions_SetClosedCB(options, on_closed, this));
  then(natsOptions_SetErrorHandler(options, on_error, this));
  then(add_secrets(config, options));
  then(add_tls(config, options));
  return status;
}

std::variant<std::shared_ptr<Connection>, Error> Connection::open(const NatsConfig& config) {
  natsOptions* made = nullptr;
  if (const natsStatus status = natsOptions_Create(&made); status != NATS_OK) return error_of(status, "NATS");
  const ConnectionOptions options(made);
  std::shared_ptr<Connection> connection(new Connection);  // NOLINT: its maker is private
  const std::string where = "NATS at " + config.shown_url();
  try {
    const natsStatus status = connection->prepare(config, options.get());
    // For example an unreadable certificate or an invalid seed: retrying does not help.
    if (status != NATS_OK) {
      Error error = error_of(status, where + " cannot be used as configured");
      error.kind = ErrorKind::fatal;
      connection->finished_ = true;
      return error;
    }
  } catch (const ConfigError& error) {
    connection->finished_ = true;
    return Error{ErrorKind::fatal, 0, error.what()};
  }
  natsConnection* handle = nullptr;
  const natsStatus status = natsConnection_Connect(&handle, options.get());
  connection->handle_.reset(handle);
  if (status == NATS_OK) return connection;
  connection->finished_ = handle == nullptr;
  const std::string names = wrong_certificate(status, servers_of(config.url));
  if (!names.empty()) return error_of(status, where + " cannot be reached; " + names);
  return error_of(
      status, where + " cannot be reached; is nats-server running there, and are the credentials correct");
}

Connection::~Connection() {
  if (handle_) natsConnection_Close(handle_.get());
  std::unique_lock lock(mutex_);
  last_callback_.wait(lock, [this] { return finished_; });
}

void Connection::end(SubscriptionHandle subscription) {
  natsSubscription_Unsubscribe(subscription.get());  // the library finds it no longer for further messages
  std::vector<SubscriptionHandle> ended;
  {
    const std::lock_guard lock(ended_mutex_);
    ended.swap(ended_);
  }
  ended.push_back(std::move(subscription));
  const bool many = ended.size() >= most_ended;
  if (many && up() && natsConnection_FlushTimeout(handle_.get(), end_ms) == NATS_OK) return;
  const std::lock_guard lock(ended_mutex_);
  std::ranges::move(ended, std::back_inserter(ended_));
}

std::string Connection::complaint() const {
  const std::lock_guard lock(mutex_);
  return complaint_;
}

/// The loss is counted first. If a watcher's callback throws, the other watchers are not woken; they see the
/// loss when their own deadlines expire.
void Connection::lost() noexcept {
  in_callback(
      [this] {
        const std::lock_guard lock(mutex_);
        ++losses_;
        for (const auto& wake : watchers_) wake();
      },
      [](const char*) {});
}

void Connection::on_disconnected(natsConnection*, void* self) noexcept {
  static_cast<Connection*>(self)->lost();
}

/// The library's last callback for a connection.
void Connection::on_closed(natsConnection*, void* self) noexcept {
  auto& connection = *static_cast<Connection*>(self);
  connection.lost();
  const std::lock_guard lock(connection.mutex_);
  connection.finished_ = true;
  connection.last_callback_.notify_all();
}

void Connection::on_error(natsConnection* handle, natsSubscription*, natsStatus, void* self) noexcept {
  auto& connection = *static_cast<Connection*>(self);
  const char* text = nullptr;
  natsConnection_GetLastError(handle, &text);
  in_callback(
      [&] {
        const std::lock_guard lock(connection.mutex_);
        connection.complaint_ = text == nullptr ? "" : text;
      },
      [](const char*) {});  // only the text is lost; a message without an answer counts as failed anyway
}

Connection::Watch::Watch(Connection& connection, std::function<void()> wake) : connection_(connection) {
  const std::lock_guard lock(connection_.mutex_);
  place_ = connection_.watchers_.insert(connection_.watchers_.end(), std::move(wake));
}

Connection::Watch::~Watch() {
  const std::lock_guard lock(connection_.mutex_);
  connection_.watchers_.erase(place_);
}

}  // namespace sluice::sinks::jetstream
