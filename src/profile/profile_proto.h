#pragma once
#include <string>

#include "profile/stack_samples.h"
#include "profile/symbols.h"

namespace k8scale::profile {

/// perftools.profiles.Profile (github.com/google/pprof, proto/profile.proto), not compressed.
[[nodiscard]] std::string to_profile_proto(const Samples& samples, const Symbols& symbols);

}  // namespace k8scale::profile
