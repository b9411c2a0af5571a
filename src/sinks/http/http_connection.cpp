#include "sinks/http/http_connection.hpp"

#include <algorithm>

#include <boost/asio/ssl/error.hpp>

namespace sluice::sinks::http {

namespace {

constexpr auto idle_most = std::chrono::seconds(30);
constexpr std::size_t buffer_keeps_bytes = 1 << 20;  // a larger buffer is freed before the next request
constexpr std::size_t read_bytes = 8192;
constexpr std::size_t most_copied_body = 4096;  // a longer one is written from the caller's memory

void append_header_lines(std::string& out, std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    out.append(lines.substr(0, end)).append("\r\n");
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

/// Writes the request into `out`. Returns its body if that is not copied, but written behind `out`.
std::string_view compose(std::string& out, const Request& request, const std::string& authority) {
  if (out.capacity() > buffer_keeps_bytes) std::string().swap(out);
  out.clear();
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ");
  out.append(authority).append("\r\nUser-Agent: sluice/" SLUICE_VERSION "\r\n");
  append_header_lines(out, request.headers);
  const bool without = request.body.empty() && (request.method == "GET" || request.method == "DELETE");
  if (!without) out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  out.append("\r\n");
  if (request.body.size() > most_copied_body) return request.body;
  out.append(request.body);
  return {};
}

void fail(Answer& answer, bool timed_out, std::string text) {
  answer.kind = timed_out ? Answer::Kind::timed_out : Answer::Kind::broken;
  answer.text = std::move(text);
}

}  // namespace

void HttpConnection::interrupt() {
  wire_.close();
  wire_.wait_until(flow::Time::max());
  wake_.cancel();
}

void HttpConnection::abandon() {
  abandoned_ = true;
  interrupt();
}

asio::awaitable<void> HttpConnection::rest() {
  error_code woken;
  wake_.expires_after(idle_most);
  co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (!woken) wire_.close();
}

asio::awaitable<void> HttpConnection::carry_out(const Request& request, Answer& answer) {
  const std::string_view body = compose(out_, request, context_.authority);
  for (bool again = true; again;) {
    const bool reused = wire_.is_open();
    if (!reused && !co_await connect(answer)) co_return;
    const bool heard = co_await exchange(body, answer);
    // The server closed the connection while it was idle, so the request did not fail by itself: send it
    // again.
    again = reused && !heard && answer.kind == Answer::Kind::broken && !context_.stopping && !abandoned_;
  }
}

/// Sends out_ and `body`, and reads the answer. Returns whether at least one byte of an answer arrived.
asio::awaitable<bool> HttpConnection::exchange(std::string_view body, Answer& answer) {
  wire_.wait_until(flow::Clock::now() + context_.config.request_timeout);
  in_.clear();
  if (in_.capacity() > buffer_keeps_bytes) in_ = {};
  // Even after a write error there may be an answer: a server may refuse a long body before it has read it
  // all.
  const error_code unwritten = co_await wire_.write(out_, body);
  bool heard = false;
  for (bool interim = true; interim;) {
    answer = {};
    AnswerReader reader(answer, context_.config.kept_body);
    const error_code error = co_await read(reader, heard);
    const bool complete = reader.is_done() || error == beast::http::error::body_limit;
    if (!complete) {
      failed(answer, unwritten && !heard ? unwritten : error, heard);
      co_return heard;
    }
    interim = reader.is_interim();
    if (interim) continue;
    answer.kind = Answer::Kind::answered;
    const bool kept = !error && !unwritten && reader.is_done() && reader.keep_alive() && in_.size() == 0;
    if (!kept) wire_.close();
  }
  wire_.wait_until(flow::Time::max());
  co_return heard;
}

void HttpConnection::failed(Answer& answer, const error_code& error, bool heard) {
  const bool late = wire_.timed_out();
  wire_.wait_until(flow::Time::max());
  wire_.close();
  const auto limit =
      std::chrono::duration_cast<std::chrono::milliseconds>(context_.config.request_timeout).count();
  const std::string what = late    ? "no complete answer within " + std::to_string(limit) + " ms"
                           : heard ? "the answer was cut off or is not HTTP: " + error.message()
                                   : "the connection broke before an answer came: " + error.message();
  answer = {};
  fail(answer, late, what);
}

asio::awaitable<error_code> HttpConnection::read(AnswerReader& reader, bool& heard) {
  error_code error = beast::http::error::need_more;
  if (in_.size() > 0) parse(reader, error);
  while (error == beast::http::error::need_more) {
    std::size_t size = 0;
    error = co_await wire_.read(in_.prepare(read_bytes), size);
    in_.commit(size);
    heard |= size > 0;
    if (error == asio::error::eof) {
      if (reader.got_some()) reader.put_eof(error);
      co_return error;
    }
    if (!error) parse(reader, error);
  }
  co_return error;
}

/// Parses what is in in_. Sets `error` to need_more if the answer is neither complete nor malformed.
void HttpConnection::parse(AnswerReader& reader, error_code& error) {
  error = {};
  reader.eager(true);
  while (!error && !reader.is_done()) {
    const std::size_t used = reader.put(in_.data(), error);
    in_.consume(used);
    if (!error && used == 0) error = beast::http::error::need_more;
  }
}

asio::awaitable<bool> HttpConnection::connect(Answer& answer) {
  net::HostAddresses& host = context_.addresses;
  const flow::Time until = flow::Clock::now() + context_.config.connect_timeout;
  std::string why = co_await host.find(wake_, abandoned_, until);
  bool late = host.is_looking_up();
  const auto addresses = host.list();
  if (abandoned_) why = "abandoned";
  for (std::size_t i = 0; i < addresses.size() && why.empty(); ++i) {
    // Each address gets its share of the remaining time, so that one which never answers leaves time for the
    // next.
    const flow::Time now = flow::Clock::now();
    wire_.wait_until(now + (until - now) / static_cast<int>(addresses.size() - i));
    std::string failure = co_await connect_to(addresses[i]);
    late = wire_.timed_out();
    wire_.wait_until(flow::Time::max());
    if (failure.empty()) {
      host.prefer(addresses[i]);
      co_return true;
    }
    if (i + 1 == addresses.size() || abandoned_) why = std::move(failure);
  }
  wire_.close();
  host.expire();
  fail(answer, late, why);
  co_return false;
}

asio::awaitable<std::string> HttpConnection::connect_to(tcp::endpoint address) {
  error_code error = co_await wire_.connect(address);
  if (error) {
    co_return wire_.timed_out() ? std::string("no connection in time") : "no connection: " + error.message();
  }
  const config::UrlOrigin& origin = context_.config.origin;
  if (!origin.tls) co_return std::string();
  // If new certificates cannot be used, the last good ones stay.
  static_cast<void>(context_.certificates.refresh());
  const auto tls = context_.certificates.context();
  std::string more;
  error = co_await wire_.shake_hands(*tls, origin.host, more);
  if (!error) co_return std::string();
  if (wire_.timed_out()) co_return std::string("the TLS handshake did not finish in time");
  co_return "the TLS handshake failed: " + error.message() + (more.empty() ? "" : " (" + more + ")");
}

}  // namespace sluice::sinks::http
