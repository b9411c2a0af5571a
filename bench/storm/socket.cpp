#include "socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace storm {
namespace {

Descriptor opened(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return Descriptor(fd);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

void expect(int result, const char* what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Descriptor listen_on_loopback(int& port) {
  Descriptor listener = opened(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  expect(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size), "bind");
  expect(listen(listener.get(), SOMAXCONN), "listen");
  expect(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  port = ntohs(address.sin_port);
  return listener;
}

Descriptor connect_to_loopback(int port) {
  Descriptor connection = opened(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const sockaddr_in address = loopback(port);
  expect(connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
  const int yes = 1;
  setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return connection;
}

Descriptor poll_set() {
  return opened(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
}

void watch(const Descriptor& set, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  expect(epoll_ctl(set.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void unwatch(const Descriptor& set, int fd) {
  expect(epoll_ctl(set.get(), EPOLL_CTL_DEL, fd, nullptr), "epoll_ctl");
}

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace storm
