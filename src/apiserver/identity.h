#pragma once
#include <filesystem>
#include <string>

#include "k8scale/net/certificate.h"

namespace k8scale::apiserver {

/// What clients trust a server by, and what its administrator shows to be let in. Holds secrets.
struct Identity {
  net::CertificateAndKey authority;
  net::CertificateAndKey administrator;
  std::string token;  ///< the administrator's
};

/// A new one, for a year.
[[nodiscard]] Identity make_identity();

/// The one that `folder` keeps: ca.crt, ca.key, admin.crt, admin.key and token, in PEM and plain text. When
/// it has no ca.crt, a new identity is written there first, and the folder is made if need be; one server
/// does so at a time. Throws base::Error with one line that names the file that cannot be used and why.
[[nodiscard]] Identity open_identity(const std::filesystem::path& folder);

/// For a server that listens on that address; also good for this machine's loopback addresses.
[[nodiscard]] net::CertificateAndKey issue_server_certificate(const net::CertificateAndKey& authority,
                                                              const std::string& address);

}  // namespace k8scale::apiserver
