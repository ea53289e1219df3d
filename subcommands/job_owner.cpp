#include "job_owner.h"

#include "k8scale/base/environment.h"
#include "k8scale/base/error.h"

namespace k8scale::subcommands {

std::optional<load::JobOwner> job_of_environment() {
  load::JobOwner owner{base::environment_variable("K8SCALE_JOB_NAME"),
                       base::environment_variable("K8SCALE_JOB_UID")};
  if (owner.name.empty() != owner.uid.empty()) {
    throw base::Error(owner.name.empty() ? "$K8SCALE_JOB_UID is set, expected $K8SCALE_JOB_NAME beside it"
                                         : "$K8SCALE_JOB_NAME is set, expected $K8SCALE_JOB_UID beside it");
  }
  if (owner.name.empty()) return std::nullopt;
  return owner;
}

}  // namespace k8scale::subcommands
