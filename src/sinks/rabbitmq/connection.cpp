#include "sinks/rabbitmq/connection.hpp"

#include <algorithm>
#include <array>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "async/spawn.hpp"
#include "config/secret_file.hpp"
#include "sinks/rabbitmq/errors.hpp"
#include "sluice/settings.hpp"

namespace sluice::sinks::rabbitmq {

namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr auto close_time = std::chrono::seconds(1);
constexpr auto abandon_step = std::chrono::milliseconds(100);

Session::LogIn log_in_of(const config::AmqpPlace& place, const RabbitConfig& config) {
  return {place.user, place.password, place.vhost, static_cast<std::uint16_t>(config.heartbeat_s)};
}

}  // namespace

Connection::Connection(const RabbitConfig& config, Session::LogIn log_in, const std::atomic<bool>& abandoned,
                       std::size_t first_host)
    : abandoned_(abandoned),
      place_(config::amqp_place(config.url)),
      first_host_(first_host),
      where_("RabbitMQ at " + config.shown_url()),
      session_(where_, std::move(log_in)),
      certificates_({place_.tls, config.ca_file, config.cert_file, config.key_file}) {
  for (const config::UrlOrigin& host : place_.origins) addresses_.emplace_back(io_, host);
}

std::variant<std::shared_ptr<Connection>, Error> Connection::open(const RabbitConfig& config,
                                                                  const std::atomic<bool>& abandoned,
                                                                  std::size_t first_host) {
  Session::LogIn log_in = log_in_of(config::amqp_place(config.url), config);
  if (!config.password_file.empty()) {
    try {
      log_in.password = config::secret_in(config.password_file, "RabbitMQ");
    } catch (const ConfigError& error) {
      return Error{ErrorKind::fatal, 0, error.what()};
    }
  }
  std::shared_ptr<Connection> made(
      new Connection(config, std::move(log_in), abandoned, first_host));  // NOLINT: its maker is private
  if (auto error = made->certificates_.refresh()) return *std::move(error);
  if (auto error = made->start()) return *std::move(error);
  return made;
}

std::optional<Error> Connection::start() {
  thread_ = std::jthread([this] {
    async::run(io_, [this](const std::exception_ptr& thrown) {
      lost({ErrorKind::transient, 0, where_ + ": internal error: " + async::what_of(thrown)});
    });
  });
  async::spawn(io_.get_executor(), run(), [this](const std::exception_ptr& thrown) {
    lost({ErrorKind::transient, 0, where_ + ": internal error: " + async::what_of(thrown)});
  });
  std::unique_lock lock(mutex_);
  while (session_.state() == Session::State::logging_in && !abandoned_) changed_.wait_for(lock, abandon_step);
  if (session_.state() == Session::State::open) {
    frame_max_ = session_.tuning().frame_max;
    return std::nullopt;
  }
  if (session_.state() == Session::State::closed) return session_.error();
  return abandoned_error();
}

Error Connection::abandoned_error() const {
  return {ErrorKind::transient, 0, where_ + ": stopping without waiting for an answer"};
}

Connection::~Connection() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] { stop(); });
  thread_.join();
}

/// Asks the broker to close the connection, and closes it after a second in any case.
void Connection::stop() {
  stopping_ = true;
  for (net::HostAddresses& host : addresses_) host.stop();
  work_.reset();
  bool open = false;
  {
    const std::lock_guard lock(mutex_);
    open = session_.state() == Session::State::open && !abandoned_;
    session_.close(out_);
  }
  if (open) {
    wire_.wait_until(flow::Clock::now() + close_time);
  } else {
    wire_.close();
    wire_.wait_until(flow::Time::max());
  }
  wake_.cancel();
}

bool Connection::closed() const {
  const std::lock_guard lock(mutex_);
  return session_.state() == Session::State::closed;
}

Error Connection::error() const {
  const std::lock_guard lock(mutex_);
  return session_.error();
}

std::optional<std::string> Connection::blocked() const {
  const std::lock_guard lock(mutex_);
  return session_.blocked();
}

bool Connection::take(std::uint16_t channel, std::string& frames) {
  const std::lock_guard lock(mutex_);
  if (session_.state() != Session::State::open || session_.inbox(channel).closed) return false;
  if (out_.empty()) {
    out_.swap(frames);
  } else {
    out_.append(frames);
  }
  frames.clear();
  if (std::exchange(writer_rests_, false)) asio::post(io_, [this] { wake_.cancel(); });
  return true;
}

bool Connection::has_room() const {
  const std::lock_guard lock(mutex_);
  return out_.size() < most_unsent;
}

Inbox Connection::await(std::uint16_t channel, flow::Time until, bool for_room) {
  std::unique_lock lock(mutex_);
  Inbox& inbox = session_.inbox(channel);
  changed_.wait_until(lock, until, [&] {
    return !inbox.confirms.empty() || !inbox.replies.empty() || inbox.closed ||
           session_.state() == Session::State::closed || (for_room && out_.size() < most_unsent);
  });
  Inbox arrived;
  arrived.closed = inbox.closed;  // kept, so that nothing more is sent
  arrived.confirms.swap(inbox.confirms);
  arrived.returns.swap(inbox.returns);
  arrived.replies.swap(inbox.replies);
  return arrived;
}

void Connection::forget(std::uint16_t channel) {
  {
    const std::lock_guard lock(mutex_);
    session_.forget(channel, out_);
  }
  asio::post(io_, [this] { wake_writer(); });
}

asio::awaitable<void> Connection::run() {
  const std::string why = co_await connect();
  if (!why.empty()) {
    lost({ErrorKind::unavailable, 0, where_ + " cannot be reached: " + why});
    co_return;
  }
  {
    const std::lock_guard lock(mutex_);
    session_.begin(out_);
  }
  async::spawn(io_.get_executor(), write(), [this](const std::exception_ptr& thrown) {
    lost({ErrorKind::transient, 0, where_ + ": internal error: " + async::what_of(thrown)});
  });
  co_await read();
}

/// Returns an empty text, or why there is no connection.
asio::awaitable<std::string> Connection::connect() {
  const flow::Time until = flow::Clock::now() + connect_time;
  const std::size_t hosts = addresses_.size();
  std::string reasons;
  for (std::size_t i = 0; i < hosts && !stopping_; ++i) {
    const std::size_t place = (first_host_ + i) % hosts;
    const config::UrlOrigin& host = place_.origins[place];
    // Each host gets its share of the remaining time.
    const flow::Time now = flow::Clock::now();
    const flow::Time share = now + (until - now) / static_cast<int>(hosts - i);
    const std::string why = co_await connect_to(host, addresses_[place], share);
    if (why.empty()) {
      wire_.wait_until(until);  // for the log-in
      co_return why;
    }
    if (!reasons.empty()) reasons += "; ";
    if (hosts > 1) reasons += host.authority() + ": ";
    reasons += why;
  }
  co_return reasons.empty() ? "stopped" : reasons;
}

asio::awaitable<std::string> Connection::connect_to(const config::UrlOrigin& host,
                                                    net::HostAddresses& addresses, flow::Time until) {
  std::string why = co_await addresses.find(wake_, stopping_, until);
  const auto list = addresses.list();
  for (std::size_t i = 0; i < list.size() && !stopping_; ++i) {
    const flow::Time now = flow::Clock::now();
    wire_.wait_until(now + (until - now) / static_cast<int>(list.size() - i));
    why = co_await connect_to(host, list[i]);
    if (why.empty()) co_return why;
  }
  if (why.empty()) why = "stopped";
  co_return why;
}

asio::awaitable<std::string> Connection::connect_to(const config::UrlOrigin& host,
                                                    net::tcp::endpoint address) {
  net::error_code error = co_await wire_.connect(address);
  if (error) {
    const std::string what =
        wire_.timed_out() ? "no answer in time" : error.message() + "; is RabbitMQ running there";
    co_return what;
  }
  if (!place_.tls) co_return std::string();
  std::string details;
  const auto context = certificates_.context();
  error = co_await wire_.shake_hands(*context, host.host, details);
  if (!error) co_return std::string();
  const std::string what = "TLS: " + (wire_.timed_out() ? std::string("no answer in time")
                                      : details.empty() ? error.message()
                                                        : details);
  co_return what;
}

asio::awaitable<void> Connection::read() {
  std::vector<char> buffer(read_size);
  while (!closed()) {
    std::size_t size = 0;
    const net::error_code error = co_await wire_.read(asio::buffer(buffer), size);
    if (error) co_return broken(error);
    arrived({buffer.data(), size});
  }
}

void Connection::arrived(std::string_view bytes) {
  bool log_in_over = false;
  {
    const std::lock_guard lock(mutex_);
    session_.receive(bytes, out_);
    log_in_over = session_.state() != Session::State::logging_in;
  }
  changed_.notify_all();
  if (!stopping_ && log_in_over) {
    const flow::Duration beat = heartbeat();
    wire_.wait_until(beat == flow::Duration::zero() ? flow::Time::max() : flow::Clock::now() + 2 * beat);
  }
  wake_writer();
}

void Connection::broken(const net::error_code& error) {
  lost({ErrorKind::unavailable, 0,
        where_ +
            (wire_.timed_out() ? " gives no sign of life" : ": the connection broke: " + error.message())});
}

/// Ends the connection, and whatever waits for it.
void Connection::lost(Error error) {
  {
    const std::lock_guard lock(mutex_);
    session_.lost(std::move(error));
  }
  wire_.close();
  wire_.wait_until(flow::Time::max());
  changed_.notify_all();
  wake_.cancel();
}

flow::Duration Connection::heartbeat() const {
  const std::lock_guard lock(mutex_);
  return std::chrono::seconds(session_.tuning().heartbeat_s);
}

/// Wakes the writer if there is something to send, or nothing more to come.
void Connection::wake_writer() {
  const std::lock_guard lock(mutex_);
  const bool work = !out_.empty() || session_.state() == Session::State::closed;
  if (work && std::exchange(writer_rests_, false)) wake_.cancel();
}

/// Sends what there is, and heartbeats when there is nothing. Closes the connection when the session is
/// closed and its last answer is sent.
asio::awaitable<void> Connection::write() {
  std::string sending;
  while (true) {
    bool closed = false;
    flow::Duration rest = std::chrono::hours(1);
    sending.clear();
    if (sending.capacity() > 2 * most_unsent) std::string().swap(sending);
    {
      const std::lock_guard lock(mutex_);
      sending.swap(out_);
      closed = session_.state() == Session::State::closed;
      writer_rests_ = sending.empty() && !closed;
      if (const auto beat = session_.tuning().heartbeat_s; beat > 0)
        rest = flow::Duration(std::chrono::seconds(beat)) / 2;
    }
    if (!sending.empty()) {
      changed_.notify_all();
      const net::error_code error = co_await wire_.write(sending);
      if (!error) continue;
      co_return broken(error);
    }
    if (closed) break;
    net::error_code woken;
    wake_.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(rest));
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const std::lock_guard lock(mutex_);
    writer_rests_ = false;
    if (!woken && session_.state() == Session::State::open) append_heartbeat(out_);
  }
  wire_.close();
  wire_.wait_until(flow::Time::max());
}

std::variant<std::unique_ptr<Channel>, Error> Channel::open(std::shared_ptr<Connection> connection,
                                                            flow::Duration patience) {
  std::optional<std::uint16_t> number;
  {
    const std::lock_guard lock(connection->mutex_);
    if (connection->session_.state() == Session::State::closed) return connection->session_.error();
    number = connection->session_.open_channel(connection->out_);
  }
  if (!number) return Error{ErrorKind::unavailable, 0, connection->where() + " allows no more channels"};
  asio::post(connection->io_, [raw = connection.get()] { raw->wake_writer(); });
  std::unique_ptr<Channel> channel(new Channel(std::move(connection), *number));  // NOLINT: private maker
  if (auto error = channel->await_reply(method::select_ok, patience)) return *std::move(error);
  return channel;
}

std::optional<Error> Channel::declare(const ExchangeDeclaration& exchange, flow::Duration patience) {
  std::string frames;
  append_declare(frames, number_, exchange);
  if (!send(frames)) return error();
  return await_reply(method::declare_ok, patience);
}

Inbox Channel::await(flow::Time until, bool for_room) {
  Inbox arrived = connection_->await(number_, until, for_room);
  if (arrived.closed) closing_ = arrived.closed;
  return arrived;
}

std::optional<Error> Channel::await_reply(std::uint32_t method, flow::Duration patience) {
  const flow::Time deadline = flow::Clock::now() + patience;
  while (flow::Clock::now() < deadline && !connection_->abandoned_) {
    const Inbox arrived = await(std::min<flow::Time>(deadline, flow::Clock::now() + abandon_step));
    if (std::ranges::find(arrived.replies, method) != arrived.replies.end()) return std::nullopt;
    if (closed()) return error();
  }
  if (connection_->abandoned_) return connection_->abandoned_error();
  return Error{ErrorKind::unavailable, 0, connection_->where() + " does not answer"};
}

Error Channel::error() const {
  if (closing_) return closed_error(connection_->where(), *closing_);
  if (connection_->closed()) return connection_->error();
  if (given_up_)
    return {ErrorKind::unavailable, 0, connection_->where() + " confirms messages that were not sent"};
  return {ErrorKind::unavailable, 0, connection_->where() + " does not answer"};
}

}  // namespace sluice::sinks::rabbitmq
