#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "k8scale/base/time.h"
#include "k8scale/blocks/client_figures.h"
#include "k8scale/net/tls.h"
#include "k8scale/net/url.h"

namespace k8scale::blocks {

/// How the threads of one connection share it.
enum class Sharing {
  in_turn,   ///< a request is sent when the answer before it is whole
  pipelined  ///< up to 64 requests are sent without waiting for answers
};

struct ClientOptions {
  net::Endpoint server;
  std::string path_prefix;              ///< in front of "/blocks", "" or "/something"
  std::shared_ptr<net::TlsClient> tls;  ///< required when server.tls
  std::size_t connections = 1;
  std::size_t threads = 1;  ///< that ask: thread t uses connection t mod connections
  std::size_t io_threads = 1;
  std::uint64_t block_size = 500;
  std::uint64_t blocks_per_request = 2001;  ///< a request asks for this + uniform[0, this)
  std::chrono::milliseconds period{10};
  Sharing sharing = Sharing::in_turn;
  std::uint64_t requests = 0;  ///< end after so many, failed ones among them; 0: never
  std::uint64_t seed = 1;
  base::Nanoseconds connect_timeout = std::chrono::seconds(10);  ///< TCP and TLS, each
  base::Nanoseconds answer_timeout = std::chrono::seconds(30);   ///< beyond the period, without a byte
};

/// Asks a server for blocks, again and again, and checks each byte of them. What fails is counted, logged
/// with its connection's number and asked again after a pause (100 ms, twice as long each time, at most 5 s);
/// it stops nothing else. Each method is called by the owner's thread.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Starts to ask. `done` is called, on some thread, when there is no more to ask.
  void start(std::function<void()> done);
  /// The same, but without an end until `start_measuring`.
  void warm_up(std::function<void()> done);
  /// Forgets what was measured. Requests that are under way will count, with what is still to come of them;
  /// they are the first of the `requests`.
  void start_measuring();
  [[nodiscard]] ClientFigures figures() const;
  /// Gives up what is under way; returns when nothing is.
  void stop();

  class State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace k8scale::blocks
