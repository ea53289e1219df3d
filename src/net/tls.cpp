#include "k8scale/net/tls.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <vector>

#include "k8scale/base/text.h"
#include "net/tls_state.h"

namespace k8scale::net {
namespace {

constexpr std::string_view http_1_1 = "\x08http/1.1";

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

base::Failure failed(std::string_view what) {
  return {base::FailureKind::tls, std::string(what) + ": " + openssl::take_error()};
}

// Where a context keeps its key log.
int key_log_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

void set_common_options(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
}

void log_secret(const SSL* ssl, const char* line) {
  static_cast<KeyLog*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), key_log_index()))->write(line);
}

bool is_tls_1_3(const std::string& cipher) { return cipher.starts_with("TLS_"); }

// What stands in OpenSSL's list of ciphers, between any of its separators.
std::vector<std::string> elements_of(std::string ciphers) {
  std::ranges::replace_if(
      ciphers, [](char each) { return std::string_view(",; ").find(each) != std::string_view::npos; }, ':');
  std::vector<std::string> elements = base::split(ciphers, ':');
  std::erase(elements, "");
  return elements;
}

// The names of one version's ciphers among `elements`, with colons between them.
std::string ciphers_of(TlsVersion version, const std::vector<std::string>& elements) {
  std::string chosen;
  for (const std::string& name : elements) {
    if (is_tls_1_3(name) != (version == TlsVersion::tls_1_3)) continue;
    chosen += (chosen.empty() ? "" : ":") + name;
  }
  return chosen;
}

// Whether the element, if it is one that adds ciphers, has any: in a list OpenSSL passes over one that has
// none.
bool is_known(SSL_CTX* scratch, const std::string& element) {
  if (is_tls_1_3(element)) return SSL_CTX_set_ciphersuites(scratch, element.c_str()) == 1;
  const bool adds = std::string_view("!-+@").find(element.front()) == std::string_view::npos;
  return !adds || SSL_CTX_set_cipher_list(scratch, element.c_str()) == 1;
}

base::Result<void> check_known(const std::vector<std::string>& elements) {
  const openssl::Context scratch(SSL_CTX_new(TLS_method()));
  for (const std::string& element : elements) {
    if (is_known(scratch.get(), element)) continue;
    ERR_clear_error();
    return base::Failure(base::FailureKind::tls, "found no cipher that is called " + base::go_quote(element));
  }
  return {};
}

base::Result<void> choose(SSL_CTX* context, const TlsChoices& choices) {
  if (choices.highest == TlsVersion::tls_1_2) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (choices.key_log) {
    SSL_CTX_set_ex_data(context, key_log_index(), choices.key_log.get());
    SSL_CTX_set_keylog_callback(context, log_secret);
  }
  if (choices.ciphers.empty()) return {};
  const std::vector<std::string> elements = elements_of(choices.ciphers);
  const base::Result<void> known = check_known(elements);
  if (known.has_error()) return known.error();
  const std::string suites = ciphers_of(TlsVersion::tls_1_3, elements);
  const std::string others = ciphers_of(TlsVersion::tls_1_2, elements);
  if (suites.empty() && others.empty())
    return base::Failure(base::FailureKind::tls, "found no cipher's name");
  if (others.empty()) SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  if (suites.empty()) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (others.empty() && choices.highest == TlsVersion::tls_1_2) {
    return base::Failure(base::FailureKind::tls, "found none of TLS 1.2, which is the highest version");
  }
  if (!suites.empty() && SSL_CTX_set_ciphersuites(context, suites.c_str()) != 1) {
    return failed("the ciphers \"" + suites + "\"");
  }
  if (!others.empty() && SSL_CTX_set_cipher_list(context, others.c_str()) != 1) {
    return failed("the ciphers \"" + others + "\"");
  }
  return {};
}

base::Result<void> use_authorities(SSL_CTX* context, const std::string& pem) {
  if (pem.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) return failed("the system's certificate authorities");
    return {};
  }
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  const openssl::Bio bio = openssl::view(pem);
  int count = 0;
  for (;; ++count) {
    const openssl::Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    X509_STORE_add_cert(store, certificate.get());
  }
  const bool broken = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
  if (count == 0 || broken) return failed("the certificate authority is not a PEM certificate");
  ERR_clear_error();
  return {};
}

base::Result<void> use_identity(SSL_CTX* context, const std::string& certificate_pem,
                                const std::string& key_pem) {
  const openssl::Certificate certificate = openssl::read_certificate(certificate_pem);
  if (!certificate) return failed("the certificate is not a PEM certificate");
  if (SSL_CTX_use_certificate(context, certificate.get()) != 1)
    return failed("the certificate cannot be used");
  const openssl::Bio chain = openssl::view(certificate_pem);
  const openssl::Certificate the_one_above(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
  while (X509* next = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
    SSL_CTX_add0_chain_cert(context, next);
  }
  ERR_clear_error();
  const openssl::Key key = openssl::read_key(key_pem);
  if (!key) return failed("the private key is not a PEM key without passphrase");
  // OpenSSL itself takes a key of another type than the certificate's, for a certificate that may follow.
  const bool belongs = X509_check_private_key(certificate.get(), key.get()) == 1;
  if (!belongs || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return failed("the private key does not belong to the certificate");
  }
  return {};
}

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

// The server's name that a connection was made for, kept beside it.
const std::string& server_of(const SSL* ssl) {
  return *static_cast<const std::string*>(SSL_get_ex_data(ssl, 0));
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* state = static_cast<TlsClient::State*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0));
  state->keep(server_of(ssl), openssl::Session(session));
  return 1;  // the session is ours now
}

int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  unsigned char* chosen = nullptr;
  const int outcome =
      SSL_select_next_proto(&chosen, out_size, bytes(http_1_1), http_1_1.size(), offered, offered_size);
  *out = chosen;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

openssl::Connection TlsClient::State::connect(const Endpoint& endpoint) {
  openssl::Connection ssl(SSL_new(context.get()));
  SSL_set_connect_state(ssl.get());
  const std::string& own_name = endpoint.tls_name.empty() ? endpoint.host : endpoint.tls_name;
  const std::string& name = server_name.empty() ? own_name : server_name;
  if (is_address(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), name.c_str());
    SSL_set1_host(ssl.get(), name.c_str());
  }
  const std::lock_guard lock(mutex);
  const auto place = sessions.try_emplace(endpoint.authority()).first;
  // Entries of the map stay where they are, so their key outlives the connection.
  SSL_set_ex_data(ssl.get(), 0, const_cast<std::string*>(&place->first));
  if (resume && place->second) SSL_set_session(ssl.get(), place->second.get());
  return ssl;
}

void TlsClient::State::keep(const std::string& server, openssl::Session session) {
  const std::lock_guard lock(mutex);
  sessions[server] = std::move(session);
}

ssl_st* TlsClient::new_connection(const Endpoint& endpoint) { return state_->connect(endpoint).release(); }

TlsClient::TlsClient() : state_(std::make_unique<State>()) {}
TlsClient::~TlsClient() = default;

base::Result<std::shared_ptr<TlsClient>> TlsClient::make(const TlsClientOptions& options) {
  std::shared_ptr<TlsClient> client(new TlsClient());
  State& state = client->state();
  state.context.reset(SSL_CTX_new(TLS_client_method()));
  state.server_name = options.server_name;
  state.verify = options.verify;
  state.resume = options.resume;
  state.key_log = options.choices.key_log;
  SSL_CTX* context = state.context.get();
  set_common_options(context);
  const base::Result<void> chosen = choose(context, options.choices);
  if (chosen.has_error()) return chosen.error();
  SSL_CTX_set_alpn_protos(context, bytes(http_1_1), static_cast<unsigned>(http_1_1.size()));
  SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (options.verify) {
    const base::Result<void> used = use_authorities(context, options.ca_pem);
    if (used.has_error()) return used.error();
  }
  if (!options.certificate_pem.empty() || !options.key_pem.empty()) {
    const base::Result<void> used = use_identity(context, options.certificate_pem, options.key_pem);
    if (used.has_error()) return used.error();
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_ex_data(context, 0, &state);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  return client;
}

base::Result<std::shared_ptr<TlsServer>> TlsServer::make(const TlsServerOptions& options) {
  std::shared_ptr<TlsServer> server(new TlsServer());
  server->context_ = SSL_CTX_new(TLS_server_method());
  SSL_CTX* context = server->context_;
  set_common_options(context);
  // Connections may be many and idle: those hold no buffers. A client's streams give theirs back themselves.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  const base::Result<void> chosen = choose(context, options.choices);
  if (chosen.has_error()) return chosen.error();
  server->key_log_ = options.choices.key_log;
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // clients keep the tickets
  constexpr std::string_view session_context = "k8scale";
  SSL_CTX_set_session_id_context(context, bytes(session_context),
                                 static_cast<unsigned>(session_context.size()));
  const base::Result<void> used =
      use_identity(context, options.identity.certificate_pem, options.identity.key_pem);
  if (used.has_error()) return used.error();
  if (!options.client_ca_pem.empty()) {
    const base::Result<void> trusted = use_authorities(context, options.client_ca_pem);
    if (trusted.has_error()) return trusted.error();
    // A certificate that does not verify makes an anonymous client, not a failed handshake.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  }
  return server;
}

TlsServer::~TlsServer() { SSL_CTX_free(context_); }

}  // namespace k8scale::net
