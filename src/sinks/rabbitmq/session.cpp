#include "sinks/rabbitmq/session.hpp"

#include <algorithm>
#include <utility>

#include "sinks/rabbitmq/errors.hpp"

namespace sluice::sinks::rabbitmq {

namespace {

constexpr std::uint16_t most_channels = 2047;        // as RabbitMQ allows by default
constexpr std::uint32_t wanted_frame_max = 131'072;  // RabbitMQ's default

/// The lower limit, where 0 means none.
template <typename Number>
Number lower(Number one, Number other) {
  if (one == 0 || other == 0) return std::max(one, other);
  return std::min(one, other);
}

bool has_word(std::string_view text, std::string_view word) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (text.substr(0, end) == word) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

}  // namespace

Session::Session(std::string where, LogIn log_in) : where_(std::move(where)), log_in_(std::move(log_in)) {
  reader_.limit(wanted_frame_max);
}

void Session::receive(std::string_view bytes, std::string& out) {
  reader_.add(bytes);
  while (state_ != State::closed) {
    const auto frame = reader_.next();
    if (!frame) break;
    on_frame(*frame, out);
  }
  if (!reader_.malformed() || state_ == State::closed) return;
  fail(reader_.other_version()
           ? "it does not support AMQP 0-9-1"
           : "what it sent is not AMQP 0-9-1; is it RabbitMQ, and does it expect TLS (amqps)");
}

void Session::close(std::string& out) {
  if (state_ == State::open) append_close(out);
  if (state_ == State::logging_in) lost({ErrorKind::transient, 0, where_ + ": closed"});
}

void Session::lost(Error error) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  error_ = std::move(error);
}

void Session::fail(const std::string& why) {
  lost({ErrorKind::unavailable, 0, where_ + ": " + why});
}

std::optional<std::uint16_t> Session::open_channel(std::string& out) {
  const std::uint16_t most = lower(tuning_.channels, most_channels);
  for (std::uint16_t number = 1; number <= most; ++number) {
    const auto [made, is_new] = channels_.try_emplace(number);
    if (!is_new) continue;
    append_channel_open(out, number);
    append_select(out, number);
    return number;
  }
  return std::nullopt;
}

void Session::forget(std::uint16_t number, std::string& out) {
  const auto found = channels_.find(number);
  if (found == channels_.end()) return;
  if (found->second.inbox.closed || state_ == State::closed) {
    channels_.erase(found);
  } else {
    found->second.forgotten = true;
    append_channel_close(out, number);
  }
}

void Session::on_frame(const Frame& frame, std::string& out) {
  if (frame.type == FrameType::heartbeat) return;
  if (frame.channel == 0) {
    if (frame.type == FrameType::method) on_connection_method(frame.payload, out);
    return;
  }
  const auto found = channels_.find(frame.channel);
  if (found == channels_.end()) return;  // closed and forgotten
  if (frame.type == FrameType::method) {
    on_channel_method(frame.channel, found->second, frame.payload, out);
  } else {
    on_content(found->second, frame);
  }
}

void Session::on_connection_method(std::string_view payload, std::string& out) {
  Decoder decoder(payload);
  switch (method_of(decoder)) {
    case method::start:
      return on_start(decoder, out);
    case method::tune:
      return on_tune(decoder, out);
    case method::open_ok:
      state_ = State::open;
      return;
    case method::blocked:
      blocked_ = std::string(decoder.short_text());
      return;
    case method::unblocked:
      blocked_.reset();
      return;
    case method::close:
      return on_close(decoder, out);
    case method::close_ok:
      return lost({ErrorKind::transient, 0, where_ + ": the connection is closed"});
    default:
      return;
  }
}

void Session::on_start(Decoder& decoder, std::string& out) {
  const auto mechanisms = read_start(decoder);
  if (!mechanisms) return fail("its first answer cannot be read");
  if (!has_word(*mechanisms, "PLAIN"))
    return fail("it offers no log-in with user and password (PLAIN), only: " + *mechanisms);
  append_start_ok(out, log_in_.user, log_in_.password);
}

void Session::on_tune(Decoder& decoder, std::string& out) {
  const auto offered = read_tune(decoder);
  if (!offered) return fail("its limits cannot be read");
  tuning_.channels = lower(offered->channels, most_channels);
  tuning_.frame_max = lower(offered->frame_max, wanted_frame_max);
  tuning_.heartbeat_s = lower(offered->heartbeat_s, log_in_.heartbeat_s);
  reader_.limit(tuning_.frame_max);
  append_tune_ok(out, tuning_);
  append_open(out, log_in_.vhost);
}

void Session::on_close(Decoder& decoder, std::string& out) {
  const Closing closing = read_close(decoder).value_or(Closing{});
  append_bare(out, 0, method::close_ok);
  lost(state_ == State::logging_in ? log_in_error(where_, closing) : closed_error(where_, closing));
}

void Session::on_channel_method(std::uint16_t number, Channel& channel, std::string_view payload,
                                std::string& out) {
  Decoder decoder(payload);
  const std::uint32_t method = method_of(decoder);
  if (method == method::ack || method == method::nack) {
    const auto confirm = read_confirm(decoder, method == method::ack);
    if (!confirm) return fail("a confirmation cannot be read");
    channel.inbox.confirms.push_back(*confirm);
  } else if (method == method::returned) {
    channel.returning = read_return(decoder);
    channel.has_header = false;
    if (!channel.returning) return fail("a returned message cannot be read");
    return;
  } else if (method == method::channel_close) {
    channel.inbox.closed = read_close(decoder).value_or(Closing{});
    append_bare(out, number, method::channel_close_ok);
  } else {
    channel.inbox.replies.push_back(method);
  }
  if (!channel.forgotten) return;
  const bool closed = channel.inbox.closed || method == method::channel_close_ok;
  channel.inbox = {};
  if (closed) channels_.erase(number);
}

/// The header and the body of a returned message. Only its id is of interest.
void Session::on_content(Channel& channel, const Frame& frame) {
  if (!channel.returning) return;
  if (frame.type == FrameType::header) {
    const auto header = read_content_header(frame.payload);
    if (!header) return fail("the header of a returned message cannot be read");
    channel.returning->message_id = header->message_id;
    channel.body_left = header->body_size;
    channel.has_header = true;
  } else if (channel.has_header) {
    channel.body_left -= std::min<std::uint64_t>(channel.body_left, frame.payload.size());
  }
  if (channel.has_header && channel.body_left == 0) end_return(channel);
}

/// The confirmation of the message comes afterwards.
void Session::end_return(Channel& channel) {
  if (!channel.forgotten) channel.inbox.returns.push_back(std::move(*channel.returning));
  channel.returning.reset();
}

}  // namespace sluice::sinks::rabbitmq
