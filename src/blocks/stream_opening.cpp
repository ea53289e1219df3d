// How a stream comes to be: TCP, and the handshake of TLS.
#include <sys/socket.h>

#include "blocks/gathering_bio.h"
#include "blocks/stream.h"
#include "blocks/stream_errors.h"
#include "k8scale/net/as_result.h"

namespace k8scale::blocks {
namespace asio = boost::asio;
using asio::ip::tcp;
using base::Failure;
using base::FailureKind;
using net::Task;

Task<base::Result<void>> Stream::connect(const net::Endpoint& endpoint) {
  net::NameLookup lookup(shard_);
  lookup_ = &lookup;
  const auto addresses = co_await lookup.find(endpoint.host, endpoint.port);
  lookup_ = nullptr;
  if (deadline_.passed()) co_return timed_out();
  if (addresses.has_error()) co_return addresses.error();
  boost::system::error_code last;
  for (const auto& address : *addresses) {
    if (deadline_.passed() || cancelled_) break;
    boost::system::error_code ignored;
    socket_.close(ignored);
    auto [error] = co_await socket_.async_connect(address, net::as_result);
    last = error;
    if (!error) break;
  }
  if (deadline_.passed()) co_return timed_out();
  if (cancelled_) co_return Failure(FailureKind::cancelled, "given up");
  if (last) co_return Failure(FailureKind::connect, endpoint.authority() + ": " + last.message());
  become_ready();
  co_return base::Result<void>();
}

void Stream::use(SSL* ssl) {
  ssl_.reset(ssl);
  SSL_set0_rbio(ssl, BIO_new_socket(socket_.native_handle(), BIO_NOCLOSE));
  SSL_set0_wbio(ssl, new_gathering_bio(outgoing_));
}

Task<base::Result<void>> Stream::handshake(net::TlsClient& client, const net::Endpoint& endpoint) {
  use(client.new_connection(endpoint));
  base::Result<void> outcome = co_await finish_handshake();
  co_return outcome;
}

// What comes first tells whether the client speaks TLS, and OpenSSL takes it away.
Task<base::Result<void>> Stream::handshake(net::TlsServer& server) {
  base::Result<void> spoken = co_await wait(Socket::wait_read);
  if (spoken.has_error()) co_return spoken.error();
  static_cast<void>(::recv(socket_.native_handle(), &first_byte_, 1, MSG_PEEK | MSG_DONTWAIT));
  use(SSL_new(server.context()));
  SSL_set_accept_state(ssl_.get());
  base::Result<void> outcome = co_await finish_handshake();
  co_return outcome;
}

Task<base::Result<void>> Stream::finish_handshake() {
  for (;;) {
    ERR_clear_error();
    const int outcome = SSL_do_handshake(ssl_.get());
    const bool goes_on = outcome == 1 || SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_READ;
    if (!goes_on) co_return handshake_failed();
    base::Result<void> flushed = co_await flush();
    if (flushed.has_error()) co_return flushed.error();
    if (outcome == 1) co_return base::Result<void>();
    release_memory();  // many clients may come at once
    base::Result<void> ready = co_await wait(Socket::wait_read);
    if (ready.has_error()) co_return ready.error();
  }
}

// Of the methods of HTTP, OpenSSL knows a few.
bool Stream::peer_speaks_text() const {
  return SSL_is_server(ssl_.get()) == 1 && first_byte_ >= 'A' && first_byte_ <= 'Z';
}

Failure Stream::handshake_failed() {
  const int system_error = errno;
  broken_ = true;
  const unsigned long code = ERR_peek_error();
  if (code == 0) {
    return system_error == 0 ? Failure(FailureKind::tls, "the connection ended during the handshake")
                             : failure_of(system_error);
  }
  const int reason = ERR_GET_REASON(code);
  if (peer_speaks_text() || reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST) {
    answer_plain_http();
  } else {
    const base::Result<void> alert_sent = flush_now();
    static_cast<void>(alert_sent);
  }
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK && SSL_is_server(ssl_.get()) == 0) {
    ERR_clear_error();
    return {FailureKind::tls, std::string("the server's certificate is not trusted: ") +
                                  X509_verify_cert_error_string(verdict)};
  }
  if (reason == SSL_R_WRONG_VERSION_NUMBER && SSL_is_server(ssl_.get()) == 0) {
    ERR_clear_error();
    return {FailureKind::tls, "the server does not speak TLS: http:// instead of https://?"};
  }
  return {FailureKind::tls, take_tls_error()};
}

void Stream::answer_plain_http() {
  constexpr std::string_view text = "this is a TLS port: use https://\n";
  outgoing_ =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: "
      "close\r\nContent-Length: " +
      std::to_string(text.size()) + "\r\n\r\n" + std::string(text);
  sent_ = 0;
  const base::Result<void> told = flush_now();
  static_cast<void>(told);
}

}  // namespace k8scale::blocks
