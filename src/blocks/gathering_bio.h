#pragma once
#include <openssl/bio.h>

#include <string>

namespace k8scale::blocks {

/// A sink for OpenSSL that appends to `out`, which must outlive it: several records go to the kernel in one
/// call. The copy costs less than the calls (and the loopback packets) that it saves. It never asks to be
/// tried again.
[[nodiscard]] BIO* new_gathering_bio(std::string& out);

}  // namespace k8scale::blocks
