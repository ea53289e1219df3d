#include "k8scale/base/environment.h"

#include <cstdlib>

namespace k8scale::base {

std::string environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

}  // namespace k8scale::base
