#pragma once
#include <optional>

#include "k8scale/load/run_object.h"

namespace k8scale::subcommands {

/// The Job that this process is a pod of, as $K8SCALE_JOB_NAME and $K8SCALE_JOB_UID say, which the manifest
/// sets from the pod's labels; nothing without them. Throws base::Error when there is only one of them.
[[nodiscard]] std::optional<load::JobOwner> job_of_environment();

}  // namespace k8scale::subcommands
