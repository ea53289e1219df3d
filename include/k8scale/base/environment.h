#pragma once
#include <string>

namespace k8scale::base {

/// Its value; empty when it is not set. At start-up only: nothing changes the environment afterwards.
[[nodiscard]] std::string environment_variable(const char* name);

}  // namespace k8scale::base
