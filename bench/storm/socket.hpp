#pragma once

#include <unistd.h>

#include <utility>

namespace storm {

/// An open file descriptor of our own: a socket, or something that is waited for.
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

/// Each throws where it does not come to be, and says why.
Descriptor listen_on_loopback(int& port);  ///< any port, told in `port`
Descriptor connect_to_loopback(int port);
Descriptor poll_set();
void watch(const Descriptor& set, int fd);  ///< for something to be read
void unwatch(const Descriptor& set, int fd);

/// False when the peer is gone.
bool send_all(int fd, const char* data, std::size_t size);

}  // namespace storm
