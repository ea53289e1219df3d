#pragma once
#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "catch.h"
#include "k8scale/net/http.h"
#include "k8scale/net/tls.h"
#include "k8scale/net/url.h"
#include "net/fake_connection.h"

/// A server that does exactly what a test wants of it, mistakes included.
namespace k8scale::net::fake {

/// What a step works on.
struct Turn {
  Connection& connection;
  std::function<void(std::string request)> keep;  ///< for Server::requests()
};
/// What the server does next; false ends the script.
using Step = std::function<bool(Turn&)>;
/// What it does on one connection, which is closed at the end.
using Script = std::vector<Step>;

/// Reads one request with its body; ends the script when the client closes instead.
inline Step read_request() {
  return [](Turn& turn) {
    std::string request;
    if (!turn.connection.read_request(request)) return false;
    turn.keep(std::move(request));
    return true;
  };
}

inline Step send(std::string bytes) {
  return [bytes = std::move(bytes)](Turn& turn) { return turn.connection.send(bytes); };
}

/// One byte at a time, each in a segment of its own.
inline Step send_slowly(std::string bytes) {
  return [bytes = std::move(bytes)](Turn& turn) {
    for (const char& byte : bytes) {
      if (!turn.connection.send({&byte, 1})) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
  };
}

/// Says nothing until the client closes.
inline Step hold() {
  return [](Turn& turn) {
    turn.connection.wait_for_close();
    return false;
  };
}

inline Step reset() {
  return [](Turn& turn) {
    turn.connection.reset();
    return false;
  };
}

/// Speaks TLS from now on.
inline Step begin_tls(std::shared_ptr<TlsServer> tls) {
  return [tls = std::move(tls)](Turn& turn) { return turn.connection.handshake(tls->context()); };
}

/// An answer with its Content-Length; `fields` are lines that each end in "\r\n".
inline std::string answer(int status, std::string_view body, std::string_view fields = "") {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " ";
  text += standard_reason(status);
  text += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  return text.append(fields).append("\r\n").append(body);
}

/// Reads a request and answers it.
inline Step reply(std::string bytes) {
  return [read = read_request(), write = send(std::move(bytes))](Turn& turn) {
    return read(turn) && write(turn);
  };
}

/// Answers every request alike.
inline Script always(const std::string& bytes) {
  return {[step = reply(bytes)](Turn& turn) {
    while (step(turn)) {
    }
    return false;
  }};
}

class Server {
 public:
  /// The k-th connection gets the k-th script, those after the last get the last one again.
  explicit Server(std::vector<Script> scripts, std::shared_ptr<TlsServer> tls = nullptr)
      : scripts_(std::move(scripts)), tls_(std::move(tls)), acceptor_([this] { accept_all(); }) {}
  /// Cuts what is still open.
  ~Server() {
    listener_.stop();
    acceptor_.join();
    for (const auto& connection : connections_) connection->cut();
    for (std::thread& thread : threads_) thread.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] Endpoint endpoint() const { return {"127.0.0.1", listener_.port(), tls_ != nullptr}; }
  /// The requests of all connections, as they came.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  /// How many there were.
  [[nodiscard]] std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }
  /// Waits until so many scripts have ended.
  void wait_until_ended(std::size_t count) {
    std::unique_lock lock(mutex_);
    const bool ended = one_ended_.wait_for(lock, std::chrono::seconds(20), [&] { return ended_ >= count; });
    lock.unlock();
    REQUIRE(ended);
  }

 private:
  void accept_all() {
    block_broken_pipe_signal();  // threads inherit it
    for (std::size_t number = 0;; ++number) {
      const int socket = listener_.accept();
      if (socket < 0) return;
      const std::lock_guard lock(mutex_);
      Connection& connection = *connections_.emplace_back(std::make_unique<Connection>(socket));
      const Script& script = scripts_[std::min(number, scripts_.size() - 1)];
      threads_.emplace_back([this, &connection, &script] { play(connection, script); });
    }
  }

  static void block_broken_pipe_signal() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  }

  void play(Connection& connection, const Script& script) {
    Turn turn{connection, [this](std::string request) {
                const std::lock_guard lock(mutex_);
                requests_.push_back(std::move(request));
              }};
    if (!tls_ || connection.handshake(tls_->context())) {
      for (const Step& step : script) {
        if (!step(turn)) break;
      }
    }
    connection.close();
    const std::lock_guard lock(mutex_);
    ++ended_;
    one_ended_.notify_all();
  }

  const std::vector<Script> scripts_;
  const std::shared_ptr<TlsServer> tls_;
  const Listener listener_;
  mutable std::mutex mutex_;
  std::condition_variable one_ended_;
  std::vector<std::string> requests_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t ended_ = 0;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace k8scale::net::fake
