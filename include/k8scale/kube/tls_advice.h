#pragma once
#include <string>
#include <string_view>

#include "k8scale/kube/configuration.h"

namespace k8scale::kube {

/// What to do about a TLS connection to the server that came to nothing; `detail` is its failure's. For
/// people: a clause without a full stop.
[[nodiscard]] std::string tls_advice(const Configuration& configuration, std::string_view detail);

}  // namespace k8scale::kube
