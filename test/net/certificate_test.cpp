#include "k8scale/net/certificate.h"

#include "catch.h"

namespace k8scale::net {
namespace {

using namespace std::chrono_literals;

CertificateAndKey issued_by(const CertificateAndKey& authority, std::chrono::hours valid_for = 24h) {
  CertificateRequest request;
  request.common_name = "someone";
  request.valid_for = valid_for;
  return issue_certificate(authority, request).value();
}

std::string why(const base::Result<void>& outcome) {
  REQUIRE(outcome.has_error());
  return outcome.error().detail();
}

}  // namespace

TEST_CASE("a certificate is good when its authority issued it and it is in force") {
  const CertificateAndKey authority = make_authority("ca", 24h).value();
  CHECK(check_certificate(authority.certificate_pem, authority.certificate_pem).has_value());
  CHECK(check_certificate(issued_by(authority).certificate_pem, authority.certificate_pem).has_value());
}

TEST_CASE("a certificate that is over, of another authority, or none at all is not good") {
  const CertificateAndKey authority = make_authority("ca", 24h).value();
  const std::string& pem = authority.certificate_pem;
  CHECK(why(check_certificate(issued_by(authority, -24h).certificate_pem, pem)) == "certificate has expired");
  const CertificateAndKey other = make_authority("ca", 24h).value();
  CHECK_FALSE(why(check_certificate(issued_by(other).certificate_pem, pem)).empty());
  CHECK_FALSE(why(check_certificate(other.certificate_pem, pem)).empty());
  CHECK(why(check_certificate("nonsense", pem)).starts_with("not a PEM certificate"));
  CHECK(why(check_certificate(pem, "")).starts_with("the authority's is not a PEM certificate"));
}

TEST_CASE("what is no authority is not good as one") {
  const CertificateAndKey leaf = issued_by(make_authority("ca", 24h).value());
  CHECK_FALSE(why(check_certificate(leaf.certificate_pem, leaf.certificate_pem)).empty());
}

TEST_CASE("a key belongs to one certificate") {
  const CertificateAndKey authority = make_authority("ca", 24h).value();
  CHECK(check_key(authority).has_value());
  const CertificateAndKey other = issued_by(authority);
  CHECK(why(check_key({authority.certificate_pem, other.key_pem}))
            .starts_with("the key does not belong to the certificate"));
  CHECK(why(check_key({authority.certificate_pem, "nonsense"})).starts_with("not a PEM key"));
  CHECK(why(check_key({"nonsense", authority.key_pem})).starts_with("not a PEM certificate"));
}

}  // namespace k8scale::net
