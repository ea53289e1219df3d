#pragma once
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

#include "net/openssl.h"

/// Blocking sockets for the fake server: they share nothing with the code under test but the TLS context.
namespace k8scale::net::fake {

/// A socket on a free loopback port.
class Listener {
 public:
  explicit Listener(int backlog = 128) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    const bool listening = ::bind(socket_, any, size) == 0 && ::listen(socket_, backlog) == 0 &&
                           ::getsockname(socket_, any, &size) == 0;
    if (!listening) throw std::runtime_error("cannot listen on a loopback port");
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The next connection, or -1 after `stop`.
  [[nodiscard]] int accept() const { return ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC); }
  /// Callable from any thread.
  void stop() const { ::shutdown(socket_, SHUT_RDWR); }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

/// The server's end of one connection. Every call blocks; false means that the client is gone.
class Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Speaks TLS from now on.
  [[nodiscard]] bool handshake(ssl_ctx_st* tls) {
    ssl_.reset(SSL_new(tls));
    SSL_set_fd(ssl_.get(), socket_);
    return SSL_accept(ssl_.get()) == 1;
  }

  /// Reads one request, head and body.
  [[nodiscard]] bool read_request(std::string& request) {
    std::size_t head = received_.find(end_of_head);
    for (; head == std::string::npos; head = received_.find(end_of_head)) {
      if (!receive()) return false;
    }
    const std::size_t size = head + end_of_head.size() + body_size(received_.substr(0, head));
    while (received_.size() < size) {
      if (!receive()) return false;
    }
    request = received_.substr(0, size);
    received_.erase(0, size);
    return true;
  }

  [[nodiscard]] bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const int size = static_cast<int>(bytes.size());
      const ssize_t count = ssl_ ? SSL_write(ssl_.get(), bytes.data(), size)
                                 : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  void wait_for_close() {
    while (receive()) received_.clear();
  }

  /// Waits for the first bytes of a request, and leaves them unread.
  void wait_for_bytes() {
    pollfd waiting{socket_, POLLIN, 0};
    ::poll(&waiting, 1, -1);
  }

  /// Waits until the client has gone, and reads nothing.
  void wait_for_hang_up() {
    pollfd waiting{socket_, POLLRDHUP, 0};
    ::poll(&waiting, 1, -1);
  }

  /// Waits until the client's kernel has all that was sent, so that a reset cannot overtake it.
  void wait_until_taken() {
    int unsent = 1;
    while (unsent > 0 && ::ioctl(socket_, SIOCOUTQ, &unsent) == 0) ::usleep(200);
  }

  /// Ends with a TCP reset.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ssl_.reset();
    close();
  }

  /// Ends TLS and TCP properly.
  void close() {
    const std::lock_guard lock(mutex_);
    if (socket_ < 0) return;
    if (ssl_ && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ::close(socket_);
    socket_ = -1;
  }

  /// Makes what blocks return. Callable from any thread.
  void cut() {
    const std::lock_guard lock(mutex_);
    if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  }

 private:
  static constexpr std::string_view end_of_head = "\r\n\r\n";

  static std::size_t body_size(const std::string& head) {
    constexpr std::string_view field = "\r\nContent-Length: ";
    const std::size_t at = head.find(field);
    return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + field.size(), nullptr, 10);
  }

  [[nodiscard]] bool receive() {
    char block[16 * 1024];
    const ssize_t count =
        ssl_ ? SSL_read(ssl_.get(), block, sizeof block) : ::recv(socket_, block, sizeof block, 0);
    if (count > 0) received_.append(block, static_cast<std::size_t>(count));
    return count > 0;
  }

  std::mutex mutex_;  // of `socket_` as `close` and `cut` see it
  int socket_;
  openssl::Connection ssl_;
  std::string received_;
};

}  // namespace k8scale::net::fake
