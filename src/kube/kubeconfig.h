#pragma once
#include <filesystem>
#include <vector>

#include "k8scale/kube/configuration.h"

namespace k8scale::kube {

/// Merges the files as kubectl does (of clusters, users and contexts of one name the first counts; so does
/// the first current-context) and reads what the context names. Relative paths are against their file's
/// folder.
[[nodiscard]] Configuration read_kubeconfig(const std::vector<std::filesystem::path>& files,
                                            const std::string& context);

}  // namespace k8scale::kube
