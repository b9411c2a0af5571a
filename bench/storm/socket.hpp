#pragma once

#include <unistd.h>

#include <utility>

namespace storm {

/// Owns a file descriptor: a socket, an epoll set or an eventfd.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

/// Each of these throws std::system_error.
Descriptor listen_on_loopback(int& port);  ///< on any free port, which is stored in `port`
Descriptor connect_to_loopback(int port);
Descriptor poll_set();
void watch(const Descriptor& set, int fd);  ///< waits until `fd` is readable
void unwatch(const Descriptor& set, int fd);

/// Sends all bytes. False if the connection is closed.
bool send_all(int fd, const char* data, std::size_t size);

}  // namespace storm
