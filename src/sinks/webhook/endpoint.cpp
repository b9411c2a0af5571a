#include "sinks/webhook/endpoint.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "async/spawn.hpp"
#include "flow/keyed_order.hpp"
#include "sinks/webhook/answer_reader.hpp"
#include "sinks/webhook/certificates.hpp"
#include "sinks/webhook/wire.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>

namespace sluice::sinks::webhook {

namespace {

using flow::Clock;
using flow::Time;

constexpr auto addresses_stay_good = std::chrono::seconds(5);
constexpr auto idle_most = std::chrono::seconds(30);
constexpr auto leave_alone_most = std::chrono::hours(1);
constexpr std::size_t keep_bytes = 1 << 20;  // of a buffer, from one request to the next
constexpr std::size_t read_bytes = 8192;

/// The calls of one send(). The caller waits for it; all else is the endpoint's thread's.
struct Batch {
  Batch(std::uint64_t number, std::span<const Request> all, std::span<Answer> ends,
        const Endpoint::Judge& verdict, Time until)
      : id(number), requests(all), answers(ends), judge(verdict), deadline(until), chains(keys_of(all)) {}

  static std::vector<std::uint64_t> keys_of(std::span<const Request> requests) {
    std::vector<std::uint64_t> keys;
    keys.reserve(requests.size());
    for (const Request& request : requests) keys.push_back(request.key);
    return keys;
  }

  bool sendable() const { return !given_up && chains.ready(); }
  bool over() const { return under_way == 0 && !sendable(); }

  const std::uint64_t id;  ///< never used again, unlike its address
  std::span<const Request> requests;
  std::span<Answer> answers;
  const Endpoint::Judge& judge;
  Time deadline;
  flow::KeyedOrder chains;
  std::size_t under_way = 0;
  bool given_up = false;
  Unsent unsent;

  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;
};

struct Job {
  Batch* batch = nullptr;
  std::size_t index = 0;
  std::uint64_t round = 0;  ///< of the breaker

  const Request& request() const { return batch->requests[index]; }
  Answer& answer() const { return batch->answers[index]; }
};

/// A connection that is kept, and the coroutine that uses it.
struct Connection {
  explicit Connection(asio::io_context& io) : wire(io), wake(io) {}

  Wire wire;
  asio::steady_timer wake;
  std::optional<Job> job;
  bool abandoned = false;  ///< nobody waits for the job's answer any more
  std::string out;
  beast::flat_buffer in;
};

void append_header_lines(std::string& out, std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    out.append(lines.substr(0, end)).append("\r\n");
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void compose(std::string& out, const Request& request, const std::string& authority) {
  if (out.capacity() > keep_bytes) std::string().swap(out);
  out.clear();
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ");
  out.append(authority).append("\r\nUser-Agent: sluice/" SLUICE_VERSION "\r\n");
  append_header_lines(out, request.headers);
  const bool without = request.body.empty() && (request.method == "GET" || request.method == "DELETE");
  if (!without) out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  out.append("\r\n").append(request.body);
}

}  // namespace

/// Everything but send(), the constructor and the destructor runs on its thread.
class Endpoint::Pool {
 public:
  explicit Pool(EndpointConfig stated)
      : config(std::move(stated)), authority_(config.origin.authority()), breaker_(config.breaker) {
    error_code not_an_address;
    const auto literal = asio::ip::make_address(config.origin.host, not_an_address);
    if (not_an_address) return;
    fixed_ = true;
    addresses_ = {{literal, static_cast<std::uint16_t>(std::stoi(config.origin.port))}};
    addresses_good_until_ = Time::max();
  }

  ~Pool() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { stop(); });
    thread_.join();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  std::optional<Error> start() {
    if (auto error = certificates_.refresh()) return error;
    idle_.reserve(config.concurrency);
    thread_ = std::jthread([this] { async::run(io_, [this](const std::exception_ptr&) { give_up_all(); }); });
    return std::nullopt;
  }

  Unsent send(std::span<const Request> requests, std::span<Answer> answers, const Judge& judge, Time deadline,
              const std::stop_token& stop) {
    if (requests.empty()) return {};
    if (stop.stop_requested()) return {.abandoned = true, .not_before = std::nullopt};
    Batch batch(++batch_ids_, requests, answers, judge, deadline);
    asio::post(io_, [this, &batch] {
      try {
        batches_.push_back(&batch);
        hand_out();
      } catch (const std::exception&) {  // no memory, say: the caller tries again
        const bool known = std::ranges::find(batches_, &batch) != batches_.end();
        give_up(batch);
        known ? end_batches() : end(batch);
      }
    });
    // What is posted last may come when the batch is gone, so it knows the batch by its number only.
    const std::stop_callback abandoning(
        stop, [this, id = batch.id] { asio::post(io_, [this, id] { abandon(id); }); });
    std::unique_lock lock(batch.mutex);
    batch.changed.wait(lock, [&] { return batch.ended; });
    return batch.unsent;
  }

  std::optional<Error> try_connection() {
    std::promise<std::optional<Error>> answer;
    auto result = answer.get_future();
    // What it throws breaks the promise, so it is thrown here as well.
    async::spawn(io_.get_executor(), try_connection(std::move(answer)), [](const std::exception_ptr&) {});
    return result.get();
  }

  flow::CircuitBreaker::State breaker() const { return shown_; }

  const EndpointConfig config;

 private:
  void stop() {
    stopping_ = true;
    resolver_.cancel();
    for (Connection& one : connections_) interrupt(one);
    work_.reset();
  }

  /// Whatever its coroutine waits for ends with an error.
  static void interrupt(Connection& one) {
    one.wire.close();
    one.wire.wait_until(Time::max());
    one.wake.cancel();
  }

  void abandon(std::uint64_t id) {
    const auto found = std::ranges::find(batches_, id, &Batch::id);
    if (found == batches_.end()) return;
    Batch& batch = **found;
    batch.given_up = true;
    batch.unsent.abandoned = true;
    for (Connection& one : connections_) {
      if (!one.job || one.job->batch != &batch) continue;
      one.abandoned = true;
      interrupt(one);
    }
    end_batches();
  }

  // Who sends what

  /// As much as there are connections for and the breaker lets go.
  void hand_out() {
    bool more = true;
    while (more && (!idle_.empty() || connections_.size() < config.concurrency)) {
      Batch* batch = next_batch();
      more = batch != nullptr && may_go(*batch);
    }
    shown_ = breaker_.state();  // before anybody is told
    end_batches();
  }

  /// The batches take turns.
  Batch* next_batch() {
    const Time now = Clock::now();
    for (Batch* batch : batches_) {
      if (!batch->sendable() || now < batch->deadline) continue;
      batch->given_up = true;
      batch->unsent.late = true;
    }
    const auto found = std::ranges::find_if(batches_, [](const Batch* batch) { return batch->sendable(); });
    if (found == batches_.end()) return nullptr;
    std::rotate(batches_.begin(), found + 1, batches_.end());
    return batches_.back();
  }

  bool may_go(Batch& batch) {
    const auto leave = breaker_.ask(Clock::now());
    if (leave.way == flow::CircuitBreaker::Leave::Way::wait) return false;
    if (leave.way == flow::CircuitBreaker::Leave::Way::refused) {
      for (Batch* each : batches_) {
        if (!each->sendable()) continue;
        each->given_up = true;
        each->unsent.not_before = leave.until;
      }
      return false;
    }
    const std::size_t index = batch.chains.take();
    ++batch.under_way;
    assign({&batch, index, leave.round});
    return true;
  }

  void assign(Job job) {
    if (idle_.empty()) {
      Connection& made = connections_.emplace_back(io_);
      made.job = job;
      spawn_serve(made);
      return;
    }
    Connection& one = *idle_.back();  // the one used last: the others may grow old
    idle_.pop_back();
    one.job = job;
    one.abandoned = false;
    one.wake.cancel();
  }

  void end_batches() {
    std::erase_if(batches_, [](Batch* batch) {
      if (!batch->over()) return false;
      end(*batch);
      return true;
    });
  }

  static void end(Batch& batch) {
    const std::lock_guard lock(batch.mutex);
    batch.ended = true;
    batch.changed.notify_one();
  }

  static void give_up(Batch& batch) {
    batch.given_up = true;
    batch.unsent.late = true;
  }

  /// A handler threw: nobody may be left waiting for what it was about to do.
  void give_up_all() {
    for (Batch* batch : batches_) give_up(*batch);
    end_batches();
  }

  void ended(const Job& job, bool abandoned) {
    Batch& batch = *job.batch;
    --batch.under_way;
    if (abandoned && job.answer().kind != Answer::Kind::answered) {
      job.answer() = {};
      breaker_.forget(job.round);
      return;
    }
    const Judgement judgement = batch.judge(job.index, job.answer());
    tell_breaker(job, judgement);
    if (judgement == Judgement::done) batch.chains.done(job.index);
  }

  void tell_breaker(const Job& job, Judgement judgement) {
    const Answer& answer = job.answer();
    const bool unwell = judgement == Judgement::retry || answer.kind != Answer::Kind::answered ||
                        answer.status >= 500 || answer.status == 429;
    // "Retry-After: 0" asks for nothing; as no failure it would have the request come again for ever.
    const bool asks = answer.kind == Answer::Kind::answered &&
                      answer.retry_after.value_or(std::chrono::seconds(0)).count() > 0 &&
                      (answer.status == 429 || answer.status == 503);
    if (stopping_) {
      breaker_.forget(job.round);
    } else if (judgement == Judgement::done || !unwell) {
      breaker_.succeeded(job.round);
    } else if (asks) {
      const auto wait = std::min<flow::Duration>(*answer.retry_after, leave_alone_most);
      breaker_.not_before(job.round, Clock::now() + wait);
    } else {
      breaker_.failed(job.round, Clock::now());
    }
  }

  // One connection

  /// It goes on with the connection after an exception: jobs are handed to it all the same.
  void spawn_serve(Connection& self) {
    async::spawn(io_.get_executor(), serve(self), [this, &self](const std::exception_ptr&) {
      self.wire.close();
      spawn_serve(self);
    });
  }

  asio::awaitable<void> serve(Connection& self) {
    while (!stopping_) {
      if (!self.job) {
        co_await rest(self);
        continue;
      }
      const Time started = Clock::now();
      co_await carry_out_or_fail(self);
      const Job job = *std::exchange(self.job, std::nullopt);
      job.answer().took = Clock::now() - started;
      idle_.push_back(&self);
      ended(job, self.abandoned);
      hand_out();
    }
    // Whoever waits for it is told.
    if (self.job) {
      ended(*std::exchange(self.job, std::nullopt), self.abandoned);
      end_batches();
    }
  }

  asio::awaitable<void> rest(Connection& self) {
    error_code woken;
    self.wake.expires_after(idle_most);
    co_await self.wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (!woken) self.wire.close();
  }

  /// An exception is an answer that never came.
  asio::awaitable<void> carry_out_or_fail(Connection& self) {
    try {
      co_await carry_out(self);
    } catch (const std::exception& error) {
      self.wire.close();
      self.job->answer() = {};
      self.job->answer().kind = Answer::Kind::broken;
      self.job->answer().text = std::string("internal error: ") + error.what();
    }
  }

  asio::awaitable<void> carry_out(Connection& self) {
    Answer& answer = self.job->answer();
    compose(self.out, self.job->request(), authority_);
    for (bool again = true; again;) {
      const bool reused = self.wire.is_open();
      if (!reused && !co_await connect(self, answer)) co_return;
      const bool heard = co_await exchange(self, answer);
      // Closed by the server while nobody used it: that says nothing of this request.
      again = reused && !heard && answer.kind == Answer::Kind::broken && !stopping_ && !self.abandoned;
    }
  }

  asio::awaitable<void> try_connection(std::promise<std::optional<Error>> result) {
    Connection once(io_);
    Answer answer;
    const bool connected = co_await connect(once, answer);
    if (connected) {
      result.set_value(std::nullopt);
    } else {
      result.set_value(Error{ErrorKind::unavailable, 0, config.origin.text() + ": " + answer.text});
    }
  }

  static void fail(Answer& answer, bool timed_out, std::string text) {
    answer.kind = timed_out ? Answer::Kind::timed_out : Answer::Kind::broken;
    answer.text = std::move(text);
  }

  /// Whether a byte of an answer came.
  asio::awaitable<bool> exchange(Connection& self, Answer& answer) {
    self.wire.wait_until(Clock::now() + config.request_timeout);
    self.in.clear();
    if (self.in.capacity() > keep_bytes) self.in = {};
    // A server that refuses a long body may have answered before it has read it all.
    const error_code unwritten = co_await self.wire.write(self.out);
    bool heard = false;
    for (bool interim = true; interim;) {
      answer = {};
      AnswerReader reader(answer);
      const error_code error = co_await read(self, reader, heard);
      const bool complete = reader.is_done() || error == beast::http::error::body_limit;
      if (!complete) {
        failed(self, answer, unwritten && !heard ? unwritten : error, heard);
        co_return heard;
      }
      interim = reader.is_interim();
      if (interim) continue;
      answer.kind = Answer::Kind::answered;
      const bool kept =
          !error && !unwritten && reader.is_done() && reader.keep_alive() && self.in.size() == 0;
      if (!kept) self.wire.close();
    }
    self.wire.wait_until(Time::max());
    co_return heard;
  }

  void failed(Connection& self, Answer& answer, const error_code& error, bool heard) const {
    const bool late = self.wire.timed_out();
    self.wire.wait_until(Time::max());
    self.wire.close();
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(config.request_timeout).count();
    const std::string what = late    ? "no complete answer within " + std::to_string(limit) + " ms"
                             : heard ? "the answer was cut off or is not HTTP: " + error.message()
                                     : "the connection broke before an answer came: " + error.message();
    answer = {};
    fail(answer, late, what);
  }

  static asio::awaitable<error_code> read(Connection& self, AnswerReader& reader, bool& heard) {
    error_code error = beast::http::error::need_more;
    if (self.in.size() > 0) parse(self, reader, error);
    while (error == beast::http::error::need_more) {
      std::size_t size = 0;
      error = co_await self.wire.read(self.in.prepare(read_bytes), size);
      self.in.commit(size);
      heard |= size > 0;
      if (error == asio::error::eof) {
        if (reader.got_some()) reader.put_eof(error);
        co_return error;
      }
      if (!error) parse(self, reader, error);
    }
    co_return error;
  }

  /// error::need_more unless the answer is complete, or wrong.
  static void parse(Connection& self, AnswerReader& reader, error_code& error) {
    error = {};
    reader.eager(true);
    while (!error && !reader.is_done()) {
      const std::size_t used = reader.put(self.in.data(), error);
      self.in.consume(used);
      if (!error && used == 0) error = beast::http::error::need_more;
    }
  }

  asio::awaitable<bool> connect(Connection& self, Answer& answer) {
    const Time until = Clock::now() + config.connect_timeout;
    std::string why = co_await find_addresses(self, until);
    bool late = looking_up_;
    const auto addresses = addresses_;
    if (self.abandoned) why = "abandoned";
    for (std::size_t i = 0; i < addresses.size() && why.empty(); ++i) {
      // Each has its share of what is left, so that one which swallows everything does not hide the next.
      const Time now = Clock::now();
      self.wire.wait_until(now + (until - now) / static_cast<int>(addresses.size() - i));
      std::string failure = co_await connect_to(self, addresses[i]);
      late = self.wire.timed_out();
      self.wire.wait_until(Time::max());
      if (failure.empty()) {
        prefer(addresses[i]);
        co_return true;
      }
      if (i + 1 == addresses.size() || self.abandoned) why = std::move(failure);
    }
    self.wire.close();
    if (!fixed_) addresses_good_until_ = {};
    fail(answer, late, why);
    co_return false;
  }

  asio::awaitable<std::string> connect_to(Connection& self, tcp::endpoint address) {
    error_code error = co_await self.wire.connect(address);
    if (error) {
      co_return self.wire.timed_out() ? std::string("no connection in time")
                                      : "no connection: " + error.message();
    }
    if (!config.origin.tls) co_return std::string();
    // Where new ones cannot be used, those that were good last are.
    static_cast<void>(certificates_.refresh());
    const auto context = certificates_.context();
    std::string more;
    error = co_await self.wire.shake_hands(*context, config.origin.host, more);
    if (!error) co_return std::string();
    if (self.wire.timed_out()) co_return std::string("the TLS handshake did not finish in time");
    co_return "no TLS: " + error.message() + (more.empty() ? "" : " (" + more + ")");
  }

  void prefer(const tcp::endpoint& address) {
    const auto found = std::ranges::find(addresses_, address);
    if (found != addresses_.end()) std::rotate(addresses_.begin(), found, found + 1);
  }

  // Where the host is

  /// Empty when addresses_ can be used, or why not.
  asio::awaitable<std::string> find_addresses(Connection& self, Time until) {
    if (Clock::now() < addresses_good_until_) co_return std::string();
    if (!looking_up_) {
      looking_up_ = true;
      async::spawn(io_.get_executor(), look_up(),
                   [this](const std::exception_ptr& thrown) { looked_up(async::what_of(thrown)); });
    }
    while (looking_up_ && !stopping_ && !self.abandoned && Clock::now() < until) {
      error_code woken;
      awaiting_addresses_.push_back(&self);
      self.wake.expires_at(until);
      co_await self.wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      std::erase(awaiting_addresses_, &self);
    }
    if (looking_up_) co_return "the address of " + config.origin.host + " was not found in time";
    co_return no_addresses_;
  }

  asio::awaitable<void> look_up() {
    error_code error;
    const auto found =
        co_await resolver_.async_resolve(config.origin.host, config.origin.port, tcp::resolver::flags{},
                                         asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      addresses_.clear();
      for (const auto& one : found) addresses_.push_back(one.endpoint());
      addresses_good_until_ = Clock::now() + addresses_stay_good;
    }
    looked_up(error ? error.message() : "");
  }

  /// `why_not`: empty when there are addresses.
  void looked_up(const std::string& why_not) {
    looking_up_ = false;
    no_addresses_ = why_not.empty() ? "" : config.origin.host + " has no address: " + why_not;
    for (Connection* one : awaiting_addresses_) one->wake.cancel();
  }

  const std::string authority_;
  std::atomic<std::uint64_t> batch_ids_ = 0;
  Certificates certificates_{config};
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  tcp::resolver resolver_{io_};
  flow::CircuitBreaker breaker_;
  std::atomic<flow::CircuitBreaker::State> shown_ = flow::CircuitBreaker::State::closed;
  std::list<Connection> connections_;  // never fewer; coroutines refer to them
  std::vector<Connection*> idle_;
  std::vector<Batch*> batches_;
  std::vector<tcp::endpoint> addresses_;  ///< the one that answered last comes first
  Time addresses_good_until_{};
  bool fixed_ = false;  ///< the host is an address
  bool looking_up_ = false;
  std::string no_addresses_;
  std::vector<Connection*> awaiting_addresses_;
  bool stopping_ = false;
  std::jthread thread_;
};

Endpoint::Endpoint(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {}
Endpoint::~Endpoint() = default;

std::variant<std::unique_ptr<Endpoint>, Error> Endpoint::open(EndpointConfig config) {
  auto pool = std::make_unique<Pool>(std::move(config));
  if (auto error = pool->start()) return *error;
  return std::unique_ptr<Endpoint>(new Endpoint(std::move(pool)));  // NOLINT: its maker is private
}

Unsent Endpoint::send(std::span<const Request> requests, std::span<Answer> answers, const Judge& judge,
                      flow::Time deadline, const std::stop_token& stop) {
  return pool_->send(requests, answers, judge, deadline, stop);
}

std::optional<Error> Endpoint::try_connection() {
  return pool_->try_connection();
}

flow::CircuitBreaker::State Endpoint::breaker() const {
  return pool_->breaker();
}

const EndpointConfig& Endpoint::config() const {
  return pool_->config;
}

}  // namespace sluice::sinks::webhook
