#include "mongo/client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "sluice/bson_builder.hpp"
#include "text/port.hpp"
#include "text/url.hpp"

namespace sluice::mongo {

namespace {

constexpr auto look_interval = std::chrono::seconds(2);
constexpr int default_selection_ms = 3000;
constexpr std::size_t most_uri_bytes = 64 << 10;

/// What the driver finds wrong with the URI; "" if nothing. The driver's own message is replaced where it
/// could put parts of a password into the log: it quotes passwords that are not percent-encoded, and if a
/// password contains an '@', it takes the rest of the password for a host.
std::string why_no_uri(const std::string& text, const bson_error_t& error) {
  const std::string said = error.message;
  const std::size_t hosts = text::behind_scheme(text);
  const std::string servers = hosts == 0 ? "" : text.substr(hosts, text.find_first_of("/?", hosts) - hosts);
  const bool ambiguous = std::ranges::count(servers, '@') > 1;
  if (!ambiguous && said.find("unescaped") == std::string::npos) return said;
  return "characters such as @ : / % in user and password must be percent-encoded";
}

/// Options that are valid although the driver's own tables do not list them: options of other drivers, and
/// those that this driver handles elsewhere.
constexpr std::array<std::string_view, 26> kSilentOptions = {"w",
                                                             "authsource",
                                                             "authmechanism",
                                                             "authmechanismproperties",
                                                             "readpreference",
                                                             "readpreferencetags",
                                                             "readconcernlevel",
                                                             "appname",
                                                             "compressors",
                                                             "replicaset",
                                                             "gssapiservicename",
                                                             "slaveok",
                                                             "safe",
                                                             "timeoutms",
                                                             "maxconnecting",
                                                             "minpoolsize",
                                                             "maxidletimems",
                                                             "waitqueuemultiple",
                                                             "uuidrepresentation",
                                                             "proxyhost",
                                                             "proxyport",
                                                             "proxyusername",
                                                             "proxypassword",
                                                             "servermonitoringmode",
                                                             "srvmaxhosts",
                                                             "srvservicename"};

const std::vector<std::string>& usual_options() {
  static const std::vector<std::string> names = {"replicaSet",
                                                 "authSource",
                                                 "authMechanism",
                                                 "authMechanismProperties",
                                                 "appName",
                                                 "directConnection",
                                                 "tls",
                                                 "tlsCAFile",
                                                 "tlsCertificateKeyFile",
                                                 "tlsCertificateKeyFilePassword",
                                                 "tlsAllowInvalidCertificates",
                                                 "tlsAllowInvalidHostnames",
                                                 "tlsInsecure",
                                                 "connectTimeoutMS",
                                                 "socketTimeoutMS",
                                                 "serverSelectionTimeoutMS",
                                                 "heartbeatFrequencyMS",
                                                 "localThresholdMS",
                                                 "maxPoolSize",
                                                 "maxIdleTimeMS",
                                                 "waitQueueTimeoutMS",
                                                 "retryWrites",
                                                 "retryReads",
                                                 "readPreference",
                                                 "readPreferenceTags",
                                                 "maxStalenessSeconds",
                                                 "readConcernLevel",
                                                 "w",
                                                 "wTimeoutMS",
                                                 "journal",
                                                 "compressors",
                                                 "zlibCompressionLevel",
                                                 "loadBalanced"};
  return names;
}

/// Finds an option that no driver knows. The driver ignores such options, so a misspelt one would silently
/// have no effect.
std::string unknown_option(const std::string& text) {
  const std::size_t login = text.find('@');
  const std::size_t question = text.find('?', login == std::string::npos ? 0 : login);
  if (question == std::string::npos) return {};
  std::size_t at = question + 1;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of("&;", at), text.size());
    const std::string name = text.substr(at, std::min(text.find('=', at), end) - at);
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool known = mongoc_uri_option_is_int32(lower.c_str()) ||
                       mongoc_uri_option_is_int64(lower.c_str()) ||
                       mongoc_uri_option_is_bool(lower.c_str()) || mongoc_uri_option_is_utf8(lower.c_str()) ||
                       std::ranges::find(kSilentOptions, lower) != kSilentOptions.end();
    if (!known && !name.empty()) {
      const std::string near = nearest_name(name, usual_options());
      return "unknown option '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?");
    }
    at = end + 1;
  }
  return {};
}

Uri parse_uri(const std::string& text) {
  bson_error_t error{};
  Uri uri(mongoc_uri_new_with_error(text.c_str(), &error));
  std::string why = why_no_uri(text, error);
  if (why.empty()) why = text::why_no_ports(text);  // the driver takes the digits before a wrong character
  if (why.empty()) why = unknown_option(text);
  if (!why.empty()) {
    throw Stop(exit_code::bad_configuration,
               "the MongoDB URI cannot be used: " + why +
                   "; it looks like mongodb://user:password@host:port/?replicaSet=name");
  }
  return uri;
}

void set_default(mongoc_uri_t* uri, const char* option, int value) {
  if (mongoc_uri_get_option_as_int32(uri, option, -1) < 0) mongoc_uri_set_option_as_int32(uri, option, value);
}

Pool make_pool(const mongoc_uri_t* uri) {
  Pool pool(mongoc_client_pool_new(uri));
  if (!pool) {
    throw Stop(exit_code::bad_configuration,
               "the MongoDB URI requires something that the driver does not support (TLS files or "
               "mechanism?), or its host name cannot be resolved");
  }
  return pool;
}

/// Reads a URI file, such as a mounted secret, and removes white space at its end: editors and `echo` add a
/// newline.
std::string read_uri_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(most_uri_bytes, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    throw Stop(exit_code::bad_configuration,
               path + ": the URI cannot be read: " + std::generic_category().message(errno));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  text.resize(end == std::string::npos ? 0 : end + 1);
  if (text.empty())
    throw Stop(exit_code::bad_configuration, path + ": the file is empty; it must contain a URI");
  return text;
}

/// Logs in: the driver does that with a connection's first command.
std::optional<Error> greet(mongoc_client_t* client) {
  bson::Builder ping;
  ping.append("ping", 1);
  return run_command(client, "admin", ping.finish(), Doing::reading).error;
}

}  // namespace

std::string hosts_of(const mongoc_uri_t* uri) {
  std::string result;
  if (const char* name = mongoc_uri_get_srv_hostname(uri)) return name;
  for (const auto* host = mongoc_uri_get_hosts(uri); host != nullptr; host = host->next) {
    result += (result.empty() ? "" : ",") + std::string(host->host_and_port);
  }
  return result;
}

std::chrono::milliseconds selection_timeout(const mongoc_uri_t* uri) {
  return std::chrono::milliseconds(
      mongoc_uri_get_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, default_selection_ms));
}

Uri uri_of(const StreamConfig& stream) {
  return parse_uri(stream.uri_file.empty() ? stream.uri : read_uri_file(stream.uri_file));
}

void check_uri(const std::string& uri) {
  parse_uri(uri);
}

void try_uri(const std::string& uri) {
  make_pool(parse_uri(uri).get());
}

NoClient::NoClient()
    : std::runtime_error(
          "no connection of the pool became free within the URI's waitQueueTimeoutMS; remove that option, or "
          "allow more time") {}

/// The clients that are made with one URI.
struct ClientPool::Generation {
  std::string text;
  Uri uri;
  std::string application;
  std::atomic<int> size;
  /// For acquire_patient(): the pool's clients of that URI. Null for the pool's clients themselves.
  std::shared_ptr<Generation> apart_from = {};
  std::once_flag made = {};
  Pool pool = {};
  std::atomic<bool> is_made = false;
  std::mutex sizing = {};

  /// Makes the driver's pool at the first call, because that may block on DNS.
  mongoc_client_pool_t* get() {
    std::call_once(made, [this] {
      Pool next = make_pool(uri.get());
      mongoc_client_pool_set_error_api(next.get(), MONGOC_ERROR_API_VERSION_2);
      // An appName in the URI takes precedence. The driver accepts a name only once.
      if (mongoc_uri_get_appname(uri.get()) == nullptr) {
        mongoc_client_pool_set_appname(next.get(), application.c_str());
      }
      pool = std::move(next);
      is_made = true;
      apply_size();
    });
    return pool.get();
  }

  void resize(int to) {
    size = to;
    if (is_made) apply_size();
  }

  void apply_size() {
    const std::lock_guard lock(sizing);
    mongoc_client_pool_max_size(pool.get(), static_cast<std::uint32_t>(size.load()));
  }
};

ClientPool::ClientPool(const StreamConfig& stream, int size, std::string application, Listener listener)
    : file_(stream.uri_file),
      application_(std::move(application)),
      listener_(std::move(listener)),
      size_(size),
      current_(make(file_.empty() ? stream.uri : read_uri_file(file_), size)),
      look_at_(Clock::now() + look_interval) {}

ClientPool::~ClientPool() = default;

std::shared_ptr<ClientPool::Generation> ClientPool::make(
    std::string text, int size, std::optional<std::chrono::milliseconds> answer_timeout) const {
  Uri uri = parse_uri(text);
  // Defaults, for what the URI does not set. They are short because Sluice does the retries, and because a
  // dead server has to be noticed within the time that a stop may take.
  set_default(uri.get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, default_selection_ms);
  set_default(uri.get(), MONGOC_URI_CONNECTTIMEOUTMS, 3000);
  if (answer_timeout) {
    mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS,
                                   static_cast<std::int32_t>(answer_timeout->count()));
  } else {
    set_default(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, 30000);
  }
  // After some errors the driver does not use a server until its next check of that server, by default ten
  // seconds later.
  set_default(uri.get(), MONGOC_URI_HEARTBEATFREQUENCYMS, 1000);
  return std::make_shared<Generation>(std::move(text), std::move(uri), application_, size);
}

ClientPool::Client::Client(std::shared_ptr<Generation> generation)
    : generation_(std::move(generation)), client_(mongoc_client_pool_pop(generation_->get())) {
  if (client_ == nullptr) throw NoClient();
}

ClientPool::Client::Client(Client&& other) noexcept
    : generation_(std::move(other.generation_)), client_(std::exchange(other.client_, nullptr)) {}

ClientPool::Client& ClientPool::Client::operator=(Client&& other) noexcept {
  std::swap(generation_, other.generation_);
  std::swap(client_, other.client_);
  return *this;
}

ClientPool::Client::~Client() {
  if (client_ != nullptr) mongoc_client_pool_push(generation_->get(), client_);
}

std::shared_ptr<ClientPool::Generation> ClientPool::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::string ClientPool::hosts() const {
  return hosts_of(current()->uri.get());
}

ClientPool::Client ClientPool::acquire() {
  look_again();
  return Client(current());
}

ClientPool::Client ClientPool::acquire_patient(std::chrono::milliseconds answer_timeout) {
  look_again();
  auto usual = current();
  auto apart = make(usual->text, 1, answer_timeout);
  apart->apart_from = std::move(usual);
  return Client(std::move(apart));
}

void ClientPool::allow_more(int clients) {
  const std::lock_guard lock(mutex_);
  size_ += clients;
  current_->resize(size_);
}

std::chrono::milliseconds ClientPool::answer_timeout() const {
  return std::chrono::milliseconds(
      mongoc_uri_get_option_as_int32(current()->uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, 0));
}

bool ClientPool::outdated(const Client& client) {
  look_again();
  const auto& apart_from = client.generation_->apart_from;
  return current() != (apart_from ? apart_from : client.generation_);
}

void ClientPool::reconsider(Error& error) {
  if (file_.empty() || !is_denial(error)) return;
  error.kind = ErrorKind::denied;
  const std::lock_guard lock(mutex_);
  denied_ = true;
}

/// Checks the file on one thread; the others meanwhile use the current clients.
void ClientPool::look_again() {
  if (file_.empty()) return;
  bool denied = false;
  {
    const std::lock_guard lock(mutex_);
    if (looking_ || Clock::now() < look_at_) return;
    looking_ = true;
    denied = std::exchange(denied_, false);
  }
  try {
    replace(denied);
  } catch (const std::exception& error) {
    say_refused(error.what());
  }
  const std::lock_guard lock(mutex_);
  looking_ = false;
  look_at_ = Clock::now() + look_interval;
}

void ClientPool::replace(bool same_too) {
  std::string uri = read_uri_file(file_);
  const bool same = uri == current()->text;
  if (same && !same_too) return;
  auto next = make(std::move(uri), 1);
  {
    const Client client(next);
    if (const auto error = greet(client.get())) return say_refused(error->text());
  }
  {
    const std::lock_guard lock(mutex_);
    next->resize(size_);
    current_.swap(next);
  }
  refused_.clear();
  if (listener_ && !same) listener_(true, file_ + " has changed: its URI is in use from now on");
}

/// Reports each reason once, not at every check. Called only by the thread that checks the file.
void ClientPool::say_refused(const std::string& why) {
  if (why == refused_) return;
  refused_ = why;
  if (listener_) listener_(false, "the URI in " + file_ + " is not used: " + why);
}

std::optional<WriteError> first_write_error(bson::View reply, Doing doing) {
  const bson::View errors = reply.at("writeErrors").document();
  for (const auto& [key, value] : errors) {
    const bson::View entry = value.document();
    const auto code = static_cast<std::int32_t>(entry.at("code").integer().value_or(0));
    return WriteError{static_cast<std::size_t>(entry.at("index").integer().value_or(0)),
                      classify_code(code, std::string(entry.at("errmsg").text()), doing)};
  }
  return std::nullopt;
}

std::optional<Error> write_concern_error(bson::View reply) {
  const bson::View error = reply.at("writeConcernError").document();
  if (!error) return std::nullopt;
  const auto code = static_cast<std::int32_t>(error.at("code").integer().value_or(0));
  return Error{
      ErrorKind::transient, code,
      "no majority of the replica set has confirmed the write: " + std::string(error.at("errmsg").text()),
      false};
}

Reply run_command(mongoc_client_t* client, const std::string& database, bson::View command, Doing doing,
                  const bson_t* options) {
  Reply reply;
  const bson_t borrowed = command.borrow();
  bson_error_t error{};
  const bool ok = mongoc_client_command_with_opts(client, database.c_str(), &borrowed, nullptr, options,
                                                  reply.document.out(), &error);
  if (!ok) reply.error = classify(error, reply.document.get(), doing);
  if (!ok || doing == Doing::reading) return reply;
  reply.error = write_concern_error(reply.view());
  if (auto failed = first_write_error(reply.view(), doing)) reply.error = std::move(failed->error);
  return reply;
}

}  // namespace sluice::mongo
