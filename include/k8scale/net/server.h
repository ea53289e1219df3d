#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/net/certificate.h"
#include "k8scale/net/http.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/tls.h"
#include "k8scale/net/url.h"

namespace k8scale::net {

/// A request as it came. Lives until its handler returns.
struct ServerRequest : Request {
  std::optional<CertificateSubject> client_certificate;  ///< verified
  std::string peer_address;                              ///< without the port
  bool from_loopback = false;
};

/// How a handler answers, with one of: `send`; `begin`, `write`…, `finish`; `send_cut_short`; `reset`.
/// A failure means that the client is gone, and the handler should return.
class Responder {
 public:
  virtual ~Responder() = default;
  /// The whole answer, with Content-Length.
  [[nodiscard]] virtual Task<base::Result<void>> send(Response response) = 0;
  /// The head of a chunked answer.
  [[nodiscard]] virtual Task<base::Result<void>> begin(ResponseHead head) = 0;
  /// One chunk; returns when it was handed to the kernel, so that a slow reader slows the writer.
  /// Fails with `timeout` when the reader takes nothing for `ServerOptions::write_timeout`.
  [[nodiscard]] virtual Task<base::Result<void>> write(std::string_view bytes) = 0;
  [[nodiscard]] virtual Task<base::Result<void>> finish() = 0;
  /// A head that announces the whole body, then only `bytes` of it, then the connection closes.
  [[nodiscard]] virtual Task<base::Result<void>> send_cut_short(Response response, std::size_t bytes) = 0;
  /// Drops the connection with a TCP reset, no answer.
  virtual void reset() = 0;
  /// Calls `gone`, once, when the client closes the connection before its answer is finished; a long answer
  /// that rests between two writes has no other way to know.
  virtual void when_client_goes(const std::function<void()>& /*gone*/) {}
  /// Whether the server is stopping: a long answer should end soon, and properly.
  [[nodiscard]] virtual bool stopping() const = 0;
};

/// Runs on the server's shard, once for each request; requests of one connection come one after another.
using Handler = std::function<Task<void>(const ServerRequest& request, Responder& responder)>;

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< or a name; see listen_on in listener.h
  std::uint16_t port = 0;             ///< 0: any
  std::shared_ptr<TlsServer> tls;     ///< null: plain HTTP
  std::size_t head_limit = 64 * 1024;
  std::size_t body_limit = 3 * 1024 * 1024;
  base::Nanoseconds idle_timeout = std::chrono::seconds(90);
  base::Nanoseconds read_timeout = std::chrono::seconds(30);  ///< handshake; a head or body once it has begun
  base::Nanoseconds write_timeout = std::chrono::seconds(30);
  /// Makes the answer to what the server itself refuses: 400, 408, 413, 431. Default: a line of text.
  std::function<Response(int status, std::string_view reason)> refusal;
};

/// An HTTP/1.1 server on one shard.
class Server {
 public:
  /// Binds and listens; a failure (kind io) names the address and the reason, "address already in use" among
  /// them.
  [[nodiscard]] static base::Result<std::unique_ptr<Server>> listen(Shard& shard, ServerOptions options,
                                                                    Handler handler);
  /// Drops what is still open. Called while the shard runs, from another thread, or after it stopped.
  ~Server();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t open_connections() const;

  /// On the shard: takes no new connection, closes idle ones, lets running requests end for up to `grace`,
  /// then cuts them; returns when the last handler has returned.
  [[nodiscard]] Task<void> stop(base::Nanoseconds grace);

  struct State;

 private:
  explicit Server(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace k8scale::net
