#include "workbench/rabbitmq.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace workbench {

namespace {

constexpr std::uint32_t rabbit_frame_max = 131'072;
constexpr int rabbit_patience_s = 30;

std::string whole_number(std::uint64_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

std::string short_text(const std::string& text) {
  return whole_number(text.size(), 1) + text;
}
std::string long_text(const std::string& text) {
  return whole_number(text.size(), 4) + text;
}

std::string rabbit_frame(int type, int channel, const std::string& payload) {
  return whole_number(static_cast<std::uint64_t>(type), 1) +
         whole_number(static_cast<std::uint64_t>(channel), 2) + long_text(payload) + '\xCE';
}

std::string rabbit_method(int channel, int in_class, int method, const std::string& arguments) {
  return rabbit_frame(1, channel,
                      whole_number(static_cast<std::uint64_t>(in_class), 2) +
                          whole_number(static_cast<std::uint64_t>(method), 2) + arguments);
}

/// Takes values from the front of a text.
class Taker {
 public:
  explicit Taker(std::string_view text) : rest_(text) {}

  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char byte : bytes(size)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }
  std::string short_text() { return std::string(bytes(number(1))); }
  std::string long_text() { return std::string(bytes(number(4))); }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view bytes(std::size_t size) {
    if (size > rest_.size()) throw RabbitError("a frame ends too early");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
};

/// The header of a persistent message with its properties.
std::string header_of(const RabbitMessage& message) {
  std::string table;
  for (const auto& [name, text] : message.headers) table += short_text(name) + "S" + long_text(text);
  return whole_number(60, 2) + whole_number(0, 2) + whole_number(message.body.size(), 8) +
         whole_number(0xB080, 2) + short_text(message.content_type) + long_text(table) + '\x02' +
         short_text(message.message_id);
}

/// The fields of a table.
std::string table_of(const Rabbit::Arguments& arguments) {
  std::string table;
  for (const auto& [key, value] : arguments) {
    table += short_text(key);
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      table += 'l' + whole_number(static_cast<std::uint64_t>(*number), 8);
    } else {
      table += 'S' + long_text(std::get<std::string>(value));
    }
  }
  return table;
}

std::map<std::string, std::string> texts_in(const std::string& table) {
  std::map<std::string, std::string> all;
  for (Taker taker(table); !taker.done();) {
    const std::string name = taker.short_text();
    const auto type = static_cast<char>(taker.number(1));
    if (type == 'S') {
      all[name] = taker.long_text();
    } else if (type == 'l') {
      all[name] = std::to_string(taker.number(8));
    } else {
      throw RabbitError("the header " + name + " is neither a text nor a number");
    }
  }
  return all;
}

}  // namespace

Rabbit::Rabbit(int port, const Login& login) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{rabbit_patience_s, 0};
  const int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  try {
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw RabbitError(std::string("connect: ") + std::strerror(errno));
    send(std::string("AMQP\0\0\x09\x01", 8));
    expect(10, 10);
    std::string response(1, '\0');
    response += login.user + std::string(1, '\0') + login.password;
    const std::string capability = short_text("authentication_failure_close") + "t\x01";
    const std::string properties = short_text("capabilities") + "F" + long_text(capability);
    send(rabbit_method(
        0, 10, 11, long_text(properties) + short_text("PLAIN") + long_text(response) + short_text("en_US")));
    expect(10, 30);
    send(rabbit_method(0, 10, 31,
                       whole_number(2047, 2) + whole_number(rabbit_frame_max, 4) + whole_number(0, 2)));
    call(rabbit_method(0, 10, 40, short_text(login.vhost) + std::string(2, '\0')), 10, 41);
    call(rabbit_method(1, 20, 10, short_text("")), 20, 11);
  } catch (const RabbitError&) {
    close(socket_);
    throw;
  }
}

Rabbit::~Rabbit() {
  close(socket_);
}

void Rabbit::send(const std::string& bytes) const {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t size = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) throw RabbitError(std::string("send: ") + std::strerror(errno));
    sent += static_cast<std::size_t>(size);
  }
}

void Rabbit::receive(char* into, std::size_t size) {
  while (size > 0) {
    if (at_ == buffer_.size()) {
      buffer_.resize(64 * 1024);
      at_ = 0;
      const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), 0);
      buffer_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
      if (got <= 0) throw RabbitError(got == 0 ? "the connection is closed" : std::strerror(errno));
    }
    const std::size_t part = std::min(size, buffer_.size() - at_);
    std::memcpy(into, buffer_.data() + at_, part);
    at_ += part;
    into += part;
    size -= part;
  }
}

Rabbit::Frame Rabbit::frame() {
  while (true) {
    std::string head(7, '\0');
    receive(head.data(), head.size());
    Taker taker(head);
    Frame frame;
    frame.type = static_cast<std::uint8_t>(taker.number(1));
    frame.channel = static_cast<std::uint16_t>(taker.number(2));
    frame.payload.resize(taker.number(4));
    receive(frame.payload.data(), frame.payload.size());
    char end = 0;
    receive(&end, 1);
    if (end != '\xCE') throw RabbitError("a frame has no end");
    if (frame.type == 8) continue;
    if (frame.type == 1) {
      Taker method(frame.payload);
      const std::uint64_t which = method.number(4);
      const bool closes = which == (10 << 16 | 50) || which == (20 << 16 | 40);
      if (closes) {
        const auto code = static_cast<int>(method.number(2));
        throw RabbitError(method.short_text(), code);
      }
      if (which == (10 << 16 | 60) || which == (10 << 16 | 61)) continue;  // blocked, unblocked
    }
    return frame;
  }
}

/// Returns the arguments of the next method, which has to be this one.
std::string Rabbit::expect(std::uint16_t in_class, std::uint16_t method) {
  Frame frame = this->frame();
  Taker taker(frame.payload);
  const bool right = frame.type == 1 && taker.number(2) == in_class && taker.number(2) == method;
  if (!right) throw RabbitError("another answer than expected");
  return frame.payload.substr(4);
}

std::string Rabbit::call(const std::string& request, std::uint16_t in_class, std::uint16_t method) {
  send(request);
  return expect(in_class, method);
}

void Rabbit::declare_exchange(const std::string& name, const std::string& type) {
  call(rabbit_method(1, 40, 10,
                     whole_number(0, 2) + short_text(name) + short_text(type) + '\x02' + long_text("")),
       40, 11);
}

void Rabbit::delete_exchange(const std::string& name) {
  call(rabbit_method(1, 40, 20, whole_number(0, 2) + short_text(name) + '\0'), 40, 21);
}

void Rabbit::declare_queue(const std::string& name, const Arguments& arguments) {
  call(rabbit_method(1, 50, 10,
                     whole_number(0, 2) + short_text(name) + '\x02' + long_text(table_of(arguments))),
       50, 11);
}

void Rabbit::bind(const std::string& queue, const std::string& exchange, const std::string& routing_key) {
  call(rabbit_method(1, 50, 20,
                     whole_number(0, 2) + short_text(queue) + short_text(exchange) + short_text(routing_key) +
                         '\0' + long_text("")),
       50, 21);
}

void Rabbit::delete_queue(const std::string& name) {
  call(rabbit_method(1, 50, 40, whole_number(0, 2) + short_text(name) + '\0'), 50, 41);
}

std::int64_t Rabbit::count(const std::string& queue) {
  const std::string answer =
      call(rabbit_method(1, 50, 10, whole_number(0, 2) + short_text(queue) + '\x01' + long_text("")), 50, 11);
  Taker taker(answer);
  taker.short_text();
  return static_cast<std::int64_t>(taker.number(4));
}

/// Reads the header and the body of a message. `envelope`: what basic.get-ok and basic.deliver have in
/// common.
RabbitMessage Rabbit::content(const std::string& envelope) {
  RabbitMessage message;
  Taker taker(envelope);
  taker.number(8);
  message.redelivered = taker.number(1) != 0;
  message.exchange = taker.short_text();
  message.routing_key = taker.short_text();
  const Frame header = frame();
  if (header.type != 2) throw RabbitError("a message has no header");
  Taker properties(header.payload);
  properties.number(4);
  const std::uint64_t size = properties.number(8);
  const std::uint64_t flags = properties.number(2);
  if ((flags & 0x8000) != 0) message.content_type = properties.short_text();
  if ((flags & 0x4000) != 0) properties.short_text();
  if ((flags & 0x2000) != 0) message.headers = texts_in(properties.long_text());
  if ((flags & 0x1000) != 0) message.delivery_mode = static_cast<int>(properties.number(1));
  if ((flags & 0x0800) != 0) properties.number(1);
  for (const std::uint64_t flag : {0x0400, 0x0200, 0x0100}) {
    if ((flags & flag) != 0) properties.short_text();
  }
  if ((flags & 0x0080) != 0) message.message_id = properties.short_text();
  while (message.body.size() < size) {
    const Frame body = frame();
    if (body.type != 3) throw RabbitError("a message has no body");
    message.body += body.payload;
  }
  return message;
}

/// Sends so many requests at once, and reads their answers.
std::vector<RabbitMessage> Rabbit::take_some(const std::string& queue, std::size_t most, bool& empty) {
  const std::string get = rabbit_method(1, 60, 70, whole_number(0, 2) + short_text(queue) + '\0');
  std::string requests;
  for (std::size_t i = 0; i < most; ++i) requests += get;
  send(requests);
  std::vector<RabbitMessage> messages;
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < most; ++i) {
    const Frame answer = frame();
    Taker taker(answer.payload);
    const std::uint64_t which = taker.number(4);
    if (which == (60 << 16 | 72)) {
      empty = true;
      continue;
    }
    if (which != (60 << 16 | 71)) throw RabbitError("another answer than expected");
    last = taker.number(8);
    messages.push_back(content(answer.payload.substr(4)));
  }
  if (last > 0) send(rabbit_method(1, 60, 80, whole_number(last, 8) + '\x01'));
  return messages;
}

std::vector<RabbitMessage> Rabbit::take(const std::string& queue, std::size_t most) {
  constexpr std::size_t at_once = 256;
  std::vector<RabbitMessage> all;
  bool empty = false;
  while (!empty && all.size() < most) {
    auto more = take_some(queue, std::min(at_once, most - all.size()), empty);
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  count(queue);  // its answer comes after the acknowledgements have been dealt with
  return all;
}

/// Whether something can be read within this time.
bool Rabbit::arrives(std::chrono::milliseconds patience) const {
  if (at_ < buffer_.size()) return true;
  pollfd one{socket_, POLLIN, 0};
  return poll(&one, 1, static_cast<int>(patience.count())) > 0;
}

void Rabbit::consume(const std::string& queue, std::uint16_t prefetch, const Arguments& arguments) {
  call(rabbit_method(1, 60, 10, whole_number(0, 4) + whole_number(prefetch, 2) + '\0'), 60, 11);
  call(rabbit_method(
           1, 60, 20,
           whole_number(0, 2) + short_text(queue) + short_text("") + '\0' + long_text(table_of(arguments))),
       60, 21);
}

std::vector<RabbitMessage> Rabbit::next(std::chrono::milliseconds patience) {
  std::vector<RabbitMessage> messages;
  std::uint64_t last = 0;
  while (arrives(messages.empty() ? patience : std::chrono::milliseconds(0))) {
    const std::string delivery = expect(60, 60);
    Taker taker(delivery);
    const std::size_t tag = taker.short_text().size() + 1;
    last = taker.number(8);
    messages.push_back(content(delivery.substr(tag)));
  }
  if (last > 0) send(rabbit_method(1, 60, 80, whole_number(last, 8) + '\x01'));
  return messages;
}

void Rabbit::publish(const std::string& exchange, const std::string& routing_key,
                     const std::vector<RabbitMessage>& messages, std::size_t window) {
  if (!confirms_) call(rabbit_method(1, 85, 10, std::string(1, '\0')), 85, 11);
  confirms_ = true;
  const std::string to =
      rabbit_method(1, 60, 40, whole_number(0, 2) + short_text(exchange) + short_text(routing_key) + '\0');
  const std::uint64_t before = published_;
  std::uint64_t confirmed = before;
  std::size_t next = 0;
  std::vector<bool> single(messages.size(), false);
  std::string out;
  while (confirmed - before < messages.size()) {
    while (next < messages.size() && published_ - confirmed < window) {
      const RabbitMessage& message = messages[next++];
      ++published_;
      out += to;
      out += rabbit_frame(2, 1, header_of(message));
      for (std::size_t at = 0; at < message.body.size(); at += rabbit_frame_max - 8)
        out += rabbit_frame(3, 1, message.body.substr(at, rabbit_frame_max - 8));
    }
    if (!out.empty()) send(out);
    out.clear();
    const Frame answer = frame();
    Taker taker(answer.payload);
    if (taker.number(4) != (60 << 16 | 80)) throw RabbitError("a message is not confirmed");
    const std::uint64_t tag = taker.number(8);
    if ((taker.number(1) & 1) != 0) {
      confirmed = std::max(confirmed, tag);
    } else {
      single[tag - before - 1] = true;
    }
    while (confirmed - before < messages.size() && single[confirmed - before]) ++confirmed;
  }
}

}  // namespace workbench
