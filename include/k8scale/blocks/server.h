#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/measure/histogram.h"
#include "k8scale/net/http.h"
#include "k8scale/net/server.h"
#include "k8scale/net/task.h"
#include "k8scale/net/tls.h"
#include "k8scale/net/url.h"
#include "k8scale/net/wait.h"

/// httperf: throughput and pacing of HTTP/1.1, in TLS or not.
namespace k8scale::blocks {

/// What a server did since it began.
struct ServerFigures {
  base::WallTime started;              ///< when it began to serve; tells one server from the next
  std::uint64_t connections = 0;       ///< accepted
  std::uint64_t open_connections = 0;  ///< now
  std::uint64_t requests = 0;          ///< for blocks, answered to the end
  std::uint64_t bytes = 0;             ///< of blocks, handed to TLS or to the kernel
  std::uint64_t refused = 0;           ///< requests answered with 4xx or 5xx, connections closed as too many
  std::uint64_t broken_off = 0;        ///< answers that their clients did not read to the end
  std::uint64_t failed_handshakes = 0;
  std::uint64_t retransmits = 0;  ///< TCP segments that were sent again
  base::Nanoseconds cpu{0};       ///< of the threads that serve
  measure::Histogram lateness;    ///< from a block's due time to its sending, of paced requests

  /// Adds the counts of another thread.
  void merge(const ServerFigures& other);
};

/// `started`, `connections`, `open_connections`, `requests`, `bytes`, `refused`, `broken_off`,
/// `failed_handshakes`, `retransmits`, `cpu` (ns) and `lateness` (see measure/report.h): what `/stats`
/// answers.
[[nodiscard]] nlohmann::ordered_json to_json(const ServerFigures& figures);

struct ServerOptions {
  std::string address{net::any_address};  ///< or a name; see listen_on in net/listener.h
  std::uint16_t port = 8080;              ///< 0: any
  std::size_t threads = 1;
  std::uint64_t largest_block = 1ULL << 30U;  ///< bytes; 400 beyond
  std::uint64_t most_connections = 10'000;    ///< 256 more get 503, but for `/stats`; then closed
  base::Nanoseconds request_timeout = std::chrono::seconds(30);  ///< a handshake; a head that has begun
  base::Nanoseconds idle_timeout = std::chrono::minutes(10);     ///< between requests
  base::Nanoseconds stall_timeout = std::chrono::minutes(10);    ///< a client that takes nothing
  /// Answers what is neither `/blocks` nor `/stats`; nothing: 404.
  /// `gone` is raised when the client goes away meanwhile.
  std::function<net::Task<net::Response>(const net::ServerRequest& request, net::Signal& gone)> other;
};

/// An HTTP/1.1 server of blocks: `GET /blocks?size=&n=&periodMS=` (see blocks_request.h) and `GET /stats`.
/// Who asks for `/stats` with `Connection: close` takes nobody's place. Its connections are spread over
/// threads of its own. Block i of an answer is due `i * period` after its first, whenever the others went: a
/// late one goes out at once. A connection that is stuck holds nothing but its own memory, less than 100 kB
/// with a body of up to 64 KiB (413 beyond), or as large a head.
class Server {
 public:
  /// Has a port, and lets clients wait. A failure (kind io) names the address and the reason.
  [[nodiscard]] static base::Result<std::unique_ptr<Server>> bind(ServerOptions options);
  /// Drops what is still open.
  ~Server();

  [[nodiscard]] std::uint16_t port() const;
  /// Begins to serve, in TLS, or plain HTTP when null. Once.
  void start(const std::shared_ptr<net::TlsServer>& tls);
  /// From any thread that is not one of the server's.
  [[nodiscard]] ServerFigures figures() const;

  class State;

 private:
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace k8scale::blocks
