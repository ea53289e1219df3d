#pragma once
#include <string>

#include "catch.h"
#include "k8scale/base/error.h"
#include "k8scale/kube/configuration.h"

namespace k8scale::kube {

/// The one line that `work` throws, with the exit code of configuration errors.
template <class Work>
std::string thrown(Work work) {
  try {
    work();
  } catch (const base::Error& error) {
    CHECK(error.exit_code() == configuration_exit_code);
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  FAIL("expected a base::Error");
  return {};
}

}  // namespace k8scale::kube
