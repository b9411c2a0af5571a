#include "mongo/client.hpp"

#include <atomic>
#include <utility>

#include "mongo/uri.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::mongo {

namespace {

constexpr auto look_interval = std::chrono::seconds(2);

/// Logs in: the driver does that with a connection's first command.
std::optional<Error> greet(mongoc_client_t* client) {
  bson::Builder ping;
  ping.append("ping", 1);
  return run_command(client, "admin", ping.finish(), Doing::reading).error;
}

}  // namespace

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
  set_defaults(uri.get(), answer_timeout);
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

}  // namespace sluice::mongo
