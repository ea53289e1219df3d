#pragma once
#include <memory>
#include <string>

#include "k8scale/base/result.h"
#include "k8scale/net/certificate.h"

struct ssl_ctx_st;

/// TLS 1.2 and 1.3 with ALPN `http/1.1`. Contexts may be shared by all shards.
namespace k8scale::net {

struct TlsClientOptions {
  std::string ca_pem;           ///< trust exactly these; empty: what the system trusts
  std::string certificate_pem;  ///< client certificate chain; empty: none
  std::string key_pem;          ///< its private key; a secret
  std::string server_name;      ///< SNI and the name that is verified; empty: the endpoint's host
  bool verify = true;
};

/// What client connections share: trust, certificate, and the server's last session tickets, so that a
/// reconnect resumes.
class TlsClient {
 public:
  /// A failure (kind tls) says which of the three texts could not be used and why.
  [[nodiscard]] static base::Result<std::shared_ptr<TlsClient>> make(const TlsClientOptions& options);
  ~TlsClient();

  struct State;
  [[nodiscard]] State& state() { return *state_; }

 private:
  TlsClient();
  std::unique_ptr<State> state_;
};

struct TlsServerOptions {
  CertificateAndKey identity;
  std::string client_ca_pem;  ///< ask for a client certificate and verify it against these; empty: do not ask
};

class TlsServer {
 public:
  [[nodiscard]] static base::Result<std::shared_ptr<TlsServer>> make(const TlsServerOptions& options);
  ~TlsServer();
  [[nodiscard]] ssl_ctx_st* context() { return context_; }

 private:
  TlsServer() = default;
  ssl_ctx_st* context_ = nullptr;
};

}  // namespace k8scale::net
