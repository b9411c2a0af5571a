#include "web_service.hpp"

#include <pthread.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace storm {
namespace {

constexpr auto kLate = std::chrono::seconds(1);
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kPiece = 256 << 10;

std::size_t body_size(std::string_view head) {
  constexpr std::string_view name = "content-length:";
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2);
    if (line.size() <= name.size() || strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const std::size_t digits = line.find_first_not_of(' ', name.size());
    std::size_t size = 0;
    if (digits != std::string_view::npos)
      std::from_chars(line.data() + digits, line.data() + line.size(), size);
    return size;
  }
  return 0;
}

/// The size of the request at the start of `text`; 0 while its head is incomplete.
std::size_t request_size(std::string_view text) {
  const std::size_t end = text.find(kHeadEnd);
  if (end == std::string_view::npos) return 0;
  return end + kHeadEnd.size() + body_size(text.substr(0, end + 2));
}

/// Calls `see` with the number of each user in a request, which is in the last digits of its id.
template <class See>
void see_users(std::string_view request, See see) {
  constexpr std::string_view key = "\"documentKey\"";
  constexpr std::string_view oid = "\"$oid\"";
  constexpr std::size_t digits = 24;
  constexpr std::size_t of_number = 8;
  for (std::size_t at = request.find(key); at != std::string_view::npos; at = request.find(key, at + 1)) {
    const std::size_t value = request.find(oid, at);
    if (value == std::string_view::npos) return;
    const std::size_t begin = request.find('"', value + oid.size()) + 1;
    if (begin == 0 || begin + digits > request.size()) return;
    const char* end = request.data() + begin + digits;
    std::uint32_t number = 0;
    if (std::from_chars(end - of_number, end, number, 16).ptr == end) see(number);
  }
}

}  // namespace

WebService::WebService(Answers answers)
    : answers_(answers),
      listener_(listen_on_loopback(port_)),
      set_(poll_set()),
      wake_(eventfd(0, EFD_CLOEXEC)) {
  watch(set_, listener_.get());
  watch(set_, wake_.get());
  thread_ = std::thread([this] { run(); });
}

WebService::~WebService() {
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

double WebService::cpu_seconds() {
  clockid_t clock{};
  timespec time{};
  pthread_getcpuclockid(thread_.native_handle(), &clock);
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void WebService::forget(bool keep) {
  const std::lock_guard lock(mutex_);
  told_.clear();
  kept_.clear();
  keep_ = keep;
  requests_ = 0;
  documents_ = 0;
}

std::vector<std::string> WebService::kept() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

void WebService::run() {
  std::array<epoll_event, 64> ready{};
  for (;;) {
    const int count = epoll_wait(set_.get(), ready.data(), ready.size(), patience());
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < count; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd == wake_.get()) return;
      if (fd == listener_.get()) {
        accept_one();
      } else if (!receive(connections_.at(fd))) {
        hang_up(fd);
      }
    }
    answer_waiting();
  }
}

int WebService::patience() const {
  if (waiting_.empty()) return -1;
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(waiting_.front().due - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(rest.count(), 0));
}

void WebService::accept_one() {
  const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  connections_[fd] = {Descriptor(fd), ++accepted_, {}, 0};
  watch(set_, fd);
}

/// Closing alone does not remove the socket from the epoll set while a child process that is being started
/// still has a copy of it.
void WebService::hang_up(int fd) {
  unwatch(set_, fd);
  connections_.erase(fd);
}

/// Receives and handles data. False if the connection has to be closed.
bool WebService::receive(Connection& connection) {
  std::string& text = connection.text;
  const std::size_t before = text.size();
  text.resize(before + kPiece);
  const ssize_t size = recv(connection.socket.get(), text.data() + before, kPiece, MSG_DONTWAIT);
  text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return size > 0 && take_all(connection);
}

bool WebService::take_all(Connection& connection) {
  std::string& text = connection.text;
  for (;;) {
    if (connection.wanted == 0) connection.wanted = request_size(text);
    if (connection.wanted == 0 || text.size() < connection.wanted) return true;
    if (!take(connection, std::string_view(text).substr(0, connection.wanted))) return false;
    text.erase(0, std::exchange(connection.wanted, 0));
  }
}

bool WebService::take(const Connection& connection, std::string_view request) {
  const int fd = connection.socket.get();
  if (answers_ == Answers::late) waiting_.push_back({Clock::now() + kLate, fd, connection.number});
  if (answers_ != Answers::at_once) return true;
  // Count it before answering, so that a client with an answer finds its request counted.
  note(request);
  return send_all(fd, kAnswer.data(), kAnswer.size());
}

void WebService::note(std::string_view request) {
  ++requests_;
  if (keep_) kept_.emplace_back(request);
  see_users(request, [this](std::uint32_t number) {
    if (told_.size() <= number) told_.resize(number + 1);
    if (!told_[number]) ++documents_;
    told_[number] = true;
  });
}

void WebService::answer_waiting() {
  for (; !waiting_.empty() && waiting_.front().due <= Clock::now(); waiting_.pop_front()) {
    const Waiting& one = waiting_.front();
    const auto found = connections_.find(one.fd);
    if (found == connections_.end() || found->second.number != one.number) continue;
    if (send_all(one.fd, kAnswer.data(), kAnswer.size())) ++requests_;
  }
}

}  // namespace storm
