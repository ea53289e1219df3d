#include "k8scale/kube/tls_advice.h"

#include "catch.h"

namespace k8scale {
namespace {

std::string advice(std::string_view detail, const std::string& ca = "PEM") {
  kube::Configuration configuration;
  configuration.source = "admin.conf";
  configuration.server_source = "--server";
  configuration.ca = {ca, "admin.conf:5: certificate-authority"};
  return kube::tls_advice(configuration, detail);
}

}  // namespace

TEST_CASE("advice on TLS goes by what was wrong with the certificate") {
  CHECK(advice("the server's certificate is not trusted: hostname mismatch", "") ==
        "set tls-server-name in admin.conf, or use a name that the certificate carries");
  CHECK(advice("the server's certificate is not trusted: certificate has expired") ==
        "compare the clocks of both hosts, or renew the server's certificate");
  CHECK(advice("the server's certificate is not trusted: unknown issuer") ==
        "put the authority that signed the server's certificate in place of admin.conf:5: "
        "certificate-authority");
  CHECK(advice("the server's certificate is not trusted: unknown issuer", "") ==
        "use a kubeconfig whose certificate-authority signed the server's certificate: none is configured");
}

TEST_CASE("advice on TLS where no certificate was refused is about the server") {
  CHECK(
      advice("the connection ended during the handshake", "") ==
      "check the server's URL in --server: expected a server that speaks TLS there, and nothing on the way");
}

}  // namespace k8scale
