#pragma once
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "k8scale/net/certificate.h"

/// Ownership of OpenSSL's objects, and its error queue as text.
namespace k8scale::net::openssl {

template <auto release>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};

using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Store = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using Verification = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Deleter<SSL_free>>;
using Session = std::unique_ptr<SSL_SESSION, Deleter<SSL_SESSION_free>>;

/// The reason of the oldest error of this thread's queue, which is emptied.
[[nodiscard]] std::string take_error();
/// Empties this thread's error queue. Costs little when it is empty, as it nearly always is; emptying it,
/// which looks at each of its places, costs as much as a tenth of reading a small record.
void clear_errors();
/// A read-only view of `text`, which must outlive it.
[[nodiscard]] Bio view(std::string_view text);
/// Null when `pem` holds none.
[[nodiscard]] Certificate read_certificate(std::string_view pem);
/// Null when `pem` holds none that can be read without a passphrase.
[[nodiscard]] Key read_key(std::string_view pem);

[[nodiscard]] CertificateSubject subject_of(const X509* certificate);

}  // namespace k8scale::net::openssl
