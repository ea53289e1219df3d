#include "k8scale/net/certificate.h"

#include <openssl/ec.h>
#include <openssl/rand.h>

#include "net/openssl.h"

namespace k8scale::net {
namespace {

base::Failure not_made(std::string_view what) {
  return {base::FailureKind::tls, std::string(what) + ": " + openssl::take_error()};
}

std::string to_pem(const auto& write) {
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

CertificateAndKey to_pem(X509* certificate, EVP_PKEY* key) {
  return {to_pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); }), to_pem([&](BIO* bio) {
            PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

void add_name(X509_NAME* name, const char* field, const std::string& value) {
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                             static_cast<int>(value.size()), -1, 0);
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

void set_random_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 1U);  // positive and not zero
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
}

// Version 3, serial number, and validity from five minutes ago: clocks differ a little.
openssl::Certificate begin_certificate(EVP_PKEY* key, std::chrono::hours valid_for) {
  openssl::Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  set_random_serial(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -300);
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), static_cast<int>(valid_for.count() / 24),
                   static_cast<long>(valid_for.count() % 24 * 3600), nullptr);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

std::string alternative_names(const CertificateRequest& request) {
  std::string names;
  for (const auto& name : request.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  for (const auto& address : request.ip_addresses) names += (names.empty() ? "IP:" : ",IP:") + address;
  return names;
}

std::string text_of(const X509_NAME_ENTRY* entry) {
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(entry);
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

}  // namespace

base::Result<CertificateAndKey> make_authority(const std::string& common_name, std::chrono::hours valid_for) {
  const openssl::Key key(EVP_EC_gen("P-256"));
  if (!key) return not_made("cannot make a key");
  const openssl::Certificate certificate = begin_certificate(key.get(), valid_for);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  add_name(name, "CN", common_name);
  X509_set_issuer_name(certificate.get(), name);
  const bool complete =
      add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE") &&
      add_extension(certificate.get(), certificate.get(), NID_key_usage,
                    "critical,keyCertSign,digitalSignature") &&
      add_extension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash");
  if (!complete || X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) return not_made("cannot sign");
  return to_pem(certificate.get(), key.get());
}

namespace {

void name_subject(X509* certificate, const CertificateRequest& request) {
  X509_NAME* name = X509_get_subject_name(certificate);
  for (const auto& organization : request.organizations) add_name(name, "O", organization);
  add_name(name, "CN", request.common_name);
}

bool describe(X509* certificate, X509* issuer, const CertificateRequest& request) {
  const std::string names = alternative_names(request);
  const std::string use = request.use == CertificateUse::server ? "serverAuth" : "clientAuth";
  return add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, issuer, NID_ext_key_usage, use) &&
         (names.empty() || add_extension(certificate, issuer, NID_subject_alt_name, names));
}

}  // namespace

base::Result<CertificateAndKey> issue_certificate(const CertificateAndKey& authority,
                                                  const CertificateRequest& request) {
  const openssl::Certificate issuer = openssl::read_certificate(authority.certificate_pem);
  const openssl::Key issuer_key = openssl::read_key(authority.key_pem);
  if (!issuer || !issuer_key) return not_made("cannot read the authority");
  const openssl::Key key(EVP_EC_gen("P-256"));
  if (!key) return not_made("cannot make a key");
  const openssl::Certificate certificate = begin_certificate(key.get(), request.valid_for);
  name_subject(certificate.get(), request);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
  const bool complete = describe(certificate.get(), issuer.get(), request) &&
                        add_extension(certificate.get(), issuer.get(), NID_authority_key_identifier, "keyid");
  if (!complete) return not_made("cannot describe " + request.common_name);
  if (X509_sign(certificate.get(), issuer_key.get(), EVP_sha256()) == 0) return not_made("cannot sign");
  return to_pem(certificate.get(), key.get());
}

base::Result<void> check_certificate(const std::string& pem, const std::string& authority_pem) {
  const openssl::Certificate certificate = openssl::read_certificate(pem);
  if (!certificate) return not_made("not a PEM certificate");
  const openssl::Certificate authority = openssl::read_certificate(authority_pem);
  if (!authority) return not_made("the authority's is not a PEM certificate");
  const openssl::Store trusted(X509_STORE_new());
  X509_STORE_add_cert(trusted.get(), authority.get());
  const openssl::Verification verification(X509_STORE_CTX_new());
  X509_STORE_CTX_init(verification.get(), trusted.get(), certificate.get(), nullptr);
  if (X509_verify_cert(verification.get()) == 1) return {};
  ERR_clear_error();
  return base::Failure(base::FailureKind::tls,
                       X509_verify_cert_error_string(X509_STORE_CTX_get_error(verification.get())));
}

base::Result<void> check_key(const CertificateAndKey& pair) {
  const openssl::Key key = openssl::read_key(pair.key_pem);
  if (!key) return not_made("not a PEM key without passphrase");
  const openssl::Certificate certificate = openssl::read_certificate(pair.certificate_pem);
  if (!certificate) return not_made("not a PEM certificate");
  if (X509_check_private_key(certificate.get(), key.get()) == 1) return {};
  return not_made("the key does not belong to the certificate");
}

base::Result<CertificateAndKey> make_self_signed(const CertificateRequest& request) {
  const openssl::Key key(EVP_EC_gen("P-256"));
  if (!key) return not_made("cannot make a key");
  const openssl::Certificate certificate = begin_certificate(key.get(), request.valid_for);
  name_subject(certificate.get(), request);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  if (!describe(certificate.get(), certificate.get(), request)) {
    return not_made("cannot describe " + request.common_name);
  }
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) return not_made("cannot sign");
  return to_pem(certificate.get(), key.get());
}

CertificateSubject openssl::subject_of(const X509* certificate) {
  CertificateSubject subject;
  X509_NAME* name = X509_get_subject_name(certificate);
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    if (kind == NID_commonName) subject.common_name = text_of(entry);
    if (kind == NID_organizationName) subject.organizations.push_back(text_of(entry));
  }
  return subject;
}

base::Result<CertificateSubject> read_subject(const std::string& pem) {
  const openssl::Certificate certificate = openssl::read_certificate(pem);
  if (!certificate) return not_made("no certificate");
  return openssl::subject_of(certificate.get());
}

}  // namespace k8scale::net
