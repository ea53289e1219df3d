#pragma once
#include <memory>
#include <string>

#include "k8scale/base/result.h"
#include "k8scale/net/certificate.h"
#include "k8scale/net/key_log.h"
#include "k8scale/net/url.h"

struct ssl_ctx_st;
struct ssl_st;

/// TLS 1.2 and 1.3 with ALPN `http/1.1`. Contexts may be shared by all shards.
namespace k8scale::net {

enum class TlsVersion { tls_1_2, tls_1_3 };

/// What either side of a connection may choose.
struct TlsChoices {
  TlsVersion highest = TlsVersion::tls_1_3;
  /// OpenSSL's names, best first, with colons between them; those of TLS 1.3 begin with TLS_. For TLS 1.2 all
  /// that its lists know, such as HIGH or !aNULL; one that adds no cipher is a failure. A version that none
  /// is named for is not used. Empty: all that OpenSSL has by default.
  std::string ciphers;
  std::shared_ptr<KeyLog> key_log;  ///< null: secrets are written nowhere
};

struct TlsClientOptions {
  std::string ca_pem;           ///< trust exactly these; empty: what the system trusts
  std::string certificate_pem;  ///< client certificate chain; empty: none
  std::string key_pem;          ///< its private key; a secret
  std::string server_name;      ///< SNI and the name that is verified; empty: the endpoint's host
  bool verify = true;
  bool resume = true;  ///< use the session tickets that the server gave
  TlsChoices choices = {};
};

/// What client connections share: trust, certificate, and the server's last session tickets, so that a
/// reconnect resumes.
class TlsClient {
 public:
  /// A failure (kind tls) says which of the three texts could not be used and why.
  [[nodiscard]] static base::Result<std::shared_ptr<TlsClient>> make(const TlsClientOptions& options);
  ~TlsClient();

  /// A connection that is about to say hello to `endpoint`, for who reads and writes by means of its own: it
  /// has no BIO yet. The caller frees it (SSL_free), before this object.
  [[nodiscard]] ssl_st* new_connection(const Endpoint& endpoint);

  struct State;
  [[nodiscard]] State& state() { return *state_; }

 private:
  TlsClient();
  std::unique_ptr<State> state_;
};

struct TlsServerOptions {
  CertificateAndKey identity;
  std::string client_ca_pem;  ///< ask for a client certificate and verify it against these; empty: do not ask
  TlsChoices choices = {};
};

class TlsServer {
 public:
  [[nodiscard]] static base::Result<std::shared_ptr<TlsServer>> make(const TlsServerOptions& options);
  ~TlsServer();
  [[nodiscard]] ssl_ctx_st* context() { return context_; }

 private:
  TlsServer() = default;
  ssl_ctx_st* context_ = nullptr;
  std::shared_ptr<KeyLog> key_log_;  // which the context points to
};

}  // namespace k8scale::net
