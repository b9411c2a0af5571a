#include "workbench/net.hpp"

#include "workbench/http_post.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace workbench {
namespace {

constexpr int first_port = 21000;
constexpr int last_port = 31999;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Descriptor tcp_socket() {
  return Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

bool nobody_listens(int port) {
  const Descriptor probe = tcp_socket();
  const int yes = 1;
  setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in address = loopback(port);
  return bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::string lock_folder() {
  std::string folder = "/tmp/sluice-ports-" + std::to_string(getuid());
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw std::runtime_error("cannot make " + folder);
  return folder;
}

/// Whether all of `text` was sent.
bool send_all(int socket, const std::string& text) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t size = send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return false;
    sent += static_cast<std::size_t>(size);
  }
  return true;
}

/// The number that the header Content-Length states; 0 if there is none.
std::size_t stated_length(const std::string& head) {
  const std::string name = "\r\nContent-Length: ";
  const auto at = head.find(name);
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + name.size()));
}

std::string receive_all(int socket) {
  std::string text;
  char piece[8192];
  for (;;) {
    const ssize_t size = recv(socket, piece, sizeof piece, 0);
    if (size <= 0) return text;
    text.append(piece, static_cast<std::size_t>(size));
  }
}

}  // namespace

Port::Port() {
  const std::string folder = lock_folder();
  // Begin at a random port, so that programs started together do not compete for the same ones.
  constexpr int range = last_port - first_port;
  const auto start = static_cast<int>(std::random_device{}() % range);
  for (int tried = 0; tried < range; ++tried) {
    const int next = first_port + (start + tried) % range;
    Descriptor lock(open((folder + "/" + std::to_string(next)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock || flock(lock.get(), LOCK_EX | LOCK_NB) != 0 || !nobody_listens(next)) continue;
    number_ = next;
    lock_ = lock.release();
    return;
  }
  throw std::runtime_error("no free port on 127.0.0.1");
}

Port::~Port() {
  if (lock_ >= 0) close(lock_);
}

Port::Port(Port&& other) noexcept
    : number_(std::exchange(other.number_, 0)), lock_(std::exchange(other.lock_, -1)) {}

Port& Port::operator=(Port&& other) noexcept {
  std::swap(number_, other.number_);
  std::swap(lock_, other.lock_);
  return *this;
}

bool listens(int port) {
  const Descriptor connection = tcp_socket();
  const sockaddr_in address = loopback(port);
  return connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

namespace {

HttpReply http_exchange(int port, const std::string& request) {
  const Descriptor connection = tcp_socket();
  const timeval patience{5, 0};
  setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const sockaddr_in address = loopback(port);
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  if (!send_all(connection.get(), request)) return {};
  const std::string text = receive_all(connection.get());
  const auto end = text.find("\r\n\r\n");
  // A part of a page would be read as a page: sums of its metrics would be too small.
  if (end == std::string::npos || text.size() - end - 4 < stated_length(text.substr(0, end + 2))) return {};
  HttpReply reply;
  std::istringstream head(text);
  std::string protocol;
  head >> protocol >> reply.status;
  reply.body = text.substr(end + 4);
  return reply;
}

constexpr const char* common_headers = " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";

}  // namespace

HttpReply http_get(int port, const std::string& path) {
  return http_exchange(port, "GET " + path + common_headers + "\r\n");
}

HttpReply http_post(int port, const std::string& path, const std::string& headers, const std::string& body) {
  return http_exchange(port, "POST " + path + common_headers + headers +
                                 "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

Metrics::Metrics(const std::string& page) {
  std::istringstream lines(page);
  std::string line;
  while (std::getline(lines, line)) {
    const auto space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
    series_[line.substr(0, space)] = std::stod(line.substr(space + 1));
  }
}

double Metrics::sum(const std::string& name, const std::string& label) const {
  double sum = 0;
  for (const auto& [series, value] : series_) {
    if (series.substr(0, series.find('{')) == name && series.find(label) != std::string::npos) sum += value;
  }
  return sum;
}

bool Metrics::has(const std::string& name) const {
  for (const auto& [series, value] : series_) {
    if (series.substr(0, series.find('{')) == name) return true;
  }
  return false;
}

}  // namespace workbench
