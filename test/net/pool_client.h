#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "k8scale/net/certificate.h"
#include "k8scale/net/pool.h"
#include "net/fake_server.h"

namespace k8scale::net::fake {

/// Contexts of a server and of a client that trusts it.
struct TlsPair {
  CertificateAndKey authority = make_authority("fake-ca", std::chrono::hours(24)).value();
  std::shared_ptr<TlsServer> server = make_server(authority);
  std::shared_ptr<TlsClient> client = make_client(authority.certificate_pem);

  static std::shared_ptr<TlsServer> make_server(const CertificateAndKey& authority) {
    CertificateRequest request;
    request.common_name = "fake";
    request.ip_addresses = {"127.0.0.1"};
    const TlsServerOptions options{issue_certificate(authority, request).value(), ""};
    return TlsServer::make(options).value();
  }
  static std::shared_ptr<TlsClient> make_client(const std::string& ca_pem) {
    TlsClientOptions options;
    options.ca_pem = ca_pem;
    return TlsClient::make(options).value();
  }
};

inline const TlsPair& tls_pair() {
  static const TlsPair pair;
  return pair;
}

/// A pool of connections to a server, on a shard of its own.
class PoolClient {
 public:
  explicit PoolClient(const Endpoint& server, PoolOptions options = {})
      : pool_(shard_, with(server, options)) {}

  Exchange ask(const std::string& method, const std::string& body = "") {
    Request request;
    request.method = method;
    request.body = body;
    return shard_.run(pool_.exchange(request));
  }
  Exchange get() { return ask("GET"); }
  PoolCounters counters() { return shard_.run(counters_of(pool_)); }

  [[nodiscard]] Shard& shard() { return shard_; }
  [[nodiscard]] Pool& pool() { return pool_; }

 private:
  static PoolOptions with(const Endpoint& server, PoolOptions options) {
    options.server = server;
    if (server.tls && !options.tls) options.tls = tls_pair().client;
    return options;
  }
  static Task<PoolCounters> counters_of(Pool& pool) { co_return pool.counters(); }

  Shard shard_{"client"};
  Pool pool_;
  StopFirst stop_first_{shard_};
};

/// A fake server, in TLS or not, and a client of it.
struct Pair {
  explicit Pair(std::vector<Script> scripts, bool tls = false, PoolOptions options = {})
      : server(std::move(scripts), tls ? tls_pair().server : nullptr),
        client(server.endpoint(), std::move(options)) {}
  Server server;
  PoolClient client;
};

}  // namespace k8scale::net::fake
