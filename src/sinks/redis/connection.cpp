#include "sinks/redis/connection.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <utility>

#include "config/addresses/redis_url.hpp"
#include "config/secret_file.hpp"
#include "sinks/redis/answer.hpp"

namespace sluice::sinks::redis {

namespace {

timeval time_of(int ms) {
  return {ms / 1000, static_cast<suseconds_t>(ms % 1000) * 1000};
}

std::string text_of(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
  return reply.str == nullptr ? std::string() : std::string(reply.str, reply.len);
}

}  // namespace

Connection::Connection(Context context, const RedisConfig& config)
    : context_(std::move(context)),
      where_("Redis at " + config.shown_url()),
      timeout_ms_(config.timeout_ms) {}

std::variant<std::unique_ptr<Connection>, Error> Connection::open(const RedisConfig& config) {
  const config::RedisPlace place = config::redis_place(config.url);
  const timeval timeout = time_of(config.timeout_ms);
  Context context(redisConnectWithTimeout(place.host.c_str(), place.port, timeout));
  const std::string where = "Redis at " + config.shown_url();
  if (!context || context->err != 0) {
    const std::string why = context ? context->errstr : "no memory";
    return Error{ErrorKind::unavailable, 0,
                 where + " cannot be reached: " + why + "; is redis-server running there"};
  }
  redisSetTimeout(context.get(), timeout);
  redisEnableKeepAlive(context.get());
  std::unique_ptr<Connection> connection(
      new Connection(std::move(context), config));  // NOLINT: private maker
  try {
    if (auto error = connection->log_in(config)) return *std::move(error);
  } catch (const ConfigError& error) {
    return Error{ErrorKind::fatal, 0, error.what()};
  }
  return connection;
}

std::optional<Error> Connection::log_in(const RedisConfig& config) {
  const config::RedisPlace place = config::redis_place(config.url);
  const std::string password =
      config.password_file.empty() ? place.password : config::secret_in(config.password_file, "Redis");
  const std::string database = std::to_string(place.database);
  if (!place.user.empty()) {
    append({"AUTH", place.user, password});
  } else if (!password.empty()) {
    append({"AUTH", password});
  }
  if (place.database != 0) append({"SELECT", database});
  Exchanged done = exchange();
  // The first refusal usually explains the others, and also why the connection broke.
  if (!done.refused.empty()) return std::move(done.refused.front().error);
  return done.broken;
}

void Connection::append(Words words) {
  texts_.clear();
  sizes_.clear();
  for (const std::string_view word : words) {
    texts_.push_back(word.data());
    sizes_.push_back(word.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts_.data(), sizes_.data());
  ++waiting_;
}

bool Connection::send() {
  int sent = 0;
  while (sent == 0) {
    if (redisBufferWrite(context_.get(), &sent) != REDIS_OK) return false;
  }
  return true;
}

/// Waits for the next answer. Returns null if the connection broke or timed out.
Reply Connection::receive() {
  while (true) {
    void* reply = nullptr;
    if (redisGetReplyFromReader(context_.get(), &reply) != REDIS_OK) return nullptr;
    if (reply != nullptr) return Reply(static_cast<redisReply*>(reply));
    if (redisBufferRead(context_.get()) != REDIS_OK) return nullptr;
  }
}

/// Whether the last failed call timed out. Call it directly after the failure: it reads errno.
bool Connection::timed_out() const {
  return context_->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::breaks(Exchanged& done) const {
  done.closed = !timed_out();
  done.broken = broken();
}

/// The error for a refusal: the server's text with its address.
Error Connection::refused(const redisReply& reply) const {
  Error error = refusal({reply.str, reply.len});
  constexpr std::string_view nameless = "Redis: ";
  if (error.message.starts_with(nameless)) error.message.replace(0, nameless.size(), where_ + ": ");
  return error;
}

Error Connection::broken() const {
  if (timed_out()) {
    return {ErrorKind::unavailable, 0,
            where_ + " has not answered for " + std::to_string(timeout_ms_) +
                " ms; is it hanging, or is --redis-timeout-ms too short"};
  }
  return {
      ErrorKind::unavailable, 0,
      where_ + ": " + context_->errstr + "; connecting again; see the server's log if this keeps happening"};
}

Exchanged Connection::exchange() {
  Exchanged done;
  const std::size_t count = std::exchange(waiting_, 0);
  if (count == 0) return done;
  if (!send()) {
    breaks(done);
    // A server that closes the connection may have sent the reason before; it can still be read.
    context_->err = 0;
  }
  while (done.answered < count) {
    const Reply reply = receive();
    if (!reply) {
      if (!done.broken) breaks(done);
      break;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
      done.refused.push_back({done.answered, refused(*reply)});
    }
    ++done.answered;
  }
  return done;
}

void Connection::interrupt() {
  ::shutdown(context_->fd, SHUT_RDWR);  // fails if the connection is already broken; then no call waits
}

std::variant<std::string, Error> Connection::ask(std::initializer_list<std::string_view> words) {
  append(words);
  waiting_ = 0;
  const Reply reply = send() ? receive() : nullptr;
  if (!reply) return broken();
  if (reply->type == REDIS_REPLY_ERROR) return refused(*reply);
  return text_of(*reply);
}

std::optional<Error> ping(const RedisConfig& config) {
  auto opened = Connection::open(config);
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  auto answer = std::get<std::unique_ptr<Connection>>(opened)->ask({"PING"});
  if (auto* error = std::get_if<Error>(&answer)) return std::move(*error);
  // Removing a key that does not exist changes nothing. An error that concerns only this key is ignored: the
  // user may have the right to write others.
  answer = std::get<std::unique_ptr<Connection>>(opened)->ask({"UNLINK", "sluice:check:none"});
  auto* error = std::get_if<Error>(&answer);
  const bool about_key = error != nullptr && error->message.find(" key") != std::string::npos &&
                         error->message.find(" command") == std::string::npos;
  if (error == nullptr || about_key) return std::nullopt;
  return std::move(*error);
}

}  // namespace sluice::sinks::redis
