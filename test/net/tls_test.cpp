#include "k8scale/net/tls.h"

#include <openssl/rsa.h>

#include "catch.h"
#include "net/openssl.h"

namespace k8scale::net {
namespace {

std::string rsa_key_pem() {
  const openssl::Key key(EVP_RSA_gen(2048));
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  REQUIRE(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

CertificateAndKey self_signed() {
  CertificateRequest request;
  request.common_name = "someone";
  return make_self_signed(request).value();
}

base::Result<void> offered_by_server(const CertificateAndKey& identity) {
  TlsServerOptions options;
  options.identity = identity;
  const auto server = TlsServer::make(options);
  return server.has_error() ? server.error() : base::Result<void>();
}

base::Result<void> offered_by_client(const CertificateAndKey& identity) {
  TlsClientOptions options;
  options.certificate_pem = identity.certificate_pem;
  options.key_pem = identity.key_pem;
  const auto client = TlsClient::make(options);
  return client.has_error() ? client.error() : base::Result<void>();
}

base::Result<void> chosen_by_client(const std::string& ciphers) {
  TlsClientOptions options;
  options.verify = false;
  options.choices.ciphers = ciphers;
  const auto client = TlsClient::make(options);
  return client.has_error() ? client.error() : base::Result<void>();
}

}  // namespace

TEST_CASE("a cipher that OpenSSL does not have is told, also among others") {
  const auto [ciphers, unknown] = GENERATE(table<std::string, std::string>({
      {"TLS_AES_128_GCM_SHA256:TLS_NOPE", "TLS_NOPE"},
      {"AES128-SHA:NOPE", "NOPE"},
      {"AES128-SHA,NOPE", "NOPE"},
      {"TLS_NOPE:AES128-SHA", "TLS_NOPE"},
      {"HIGH:!aNULL:tls_aes_128_gcm_sha256", "tls_aes_128_gcm_sha256"},
  }));
  const base::Result<void> outcome = chosen_by_client(ciphers);
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().detail() == "found no cipher that is called \"" + unknown + "\"");
}

TEST_CASE("all that OpenSSL's lists of ciphers know may be chosen") {
  const std::string ciphers =
      GENERATE(as<std::string>(), "HIGH:!aNULL:!RC4:-SHA1:+AES128:@STRENGTH", "DEFAULT@SECLEVEL=1",
               "ECDHE+AESGCM:@SECLEVEL=1", "TLS_AES_128_GCM_SHA256:AES128-SHA", "AES128-SHA AES256-SHA",
               ":TLS_AES_256_GCM_SHA384:");
  CAPTURE(ciphers);
  CHECK(chosen_by_client(ciphers).has_value());
}

TEST_CASE("a list of ciphers that makes no sense, or leaves none, is a failure") {
  const std::string ciphers =
      GENERATE(as<std::string>(), "AES128-SHA:@NOPE", "AES128-SHA:!AES128-SHA", "!aNULL");
  CAPTURE(ciphers);
  CHECK(chosen_by_client(ciphers).has_error());
}

TEST_CASE("a certificate is offered only with its own key, whichever type another's is of") {
  const auto offered = GENERATE(offered_by_server, offered_by_client);
  const CertificateAndKey own = self_signed();
  CHECK(offered(own).has_value());
  for (const std::string& key : {self_signed().key_pem, rsa_key_pem()}) {
    const base::Result<void> outcome = offered({own.certificate_pem, key});
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().detail().starts_with("the private key does not belong to the certificate: "));
  }
}

}  // namespace k8scale::net
