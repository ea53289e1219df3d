#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "k8scale/base/result.h"

/// Makes and reads X.509 certificates (RFC 5280). Keys are ECDSA P-256.
namespace k8scale::net {

struct CertificateAndKey {
  std::string certificate_pem;
  std::string key_pem;  ///< PKCS#8; a secret
};

/// A self-signed certificate authority.
[[nodiscard]] base::Result<CertificateAndKey> make_authority(const std::string& common_name,
                                                             std::chrono::hours valid_for);

enum class CertificateUse { server, client };

struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;     ///< subject alternative names
  std::vector<std::string> ip_addresses;  ///< subject alternative names
  CertificateUse use = CertificateUse::server;
  std::chrono::hours valid_for{24 * 365};
};
[[nodiscard]] base::Result<CertificateAndKey> issue_certificate(const CertificateAndKey& authority,
                                                                const CertificateRequest& request);

/// Fails unless the first certificate in `pem` is in force and was issued by `authority_pem`, or is that one.
[[nodiscard]] base::Result<void> check_certificate(const std::string& pem, const std::string& authority_pem);
/// Fails unless the key can be read and belongs to the certificate.
[[nodiscard]] base::Result<void> check_key(const CertificateAndKey& pair);
/// A certificate that is its own issuer: who trusts it, trusts it alone.
[[nodiscard]] base::Result<CertificateAndKey> make_self_signed(const CertificateRequest& request);

/// Who a certificate was given to: what Kubernetes reads as user and groups.
struct CertificateSubject {
  std::string common_name;
  std::vector<std::string> organizations;
};
/// The subject of the first certificate in `pem`.
[[nodiscard]] base::Result<CertificateSubject> read_subject(const std::string& pem);

}  // namespace k8scale::net
