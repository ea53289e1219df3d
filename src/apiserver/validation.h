#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "refusal.h"

/// The rules of kube-apiserver for what may be stored (k8s.io/apimachinery/pkg/util/validation and
/// pkg/apis/core/validation). A "fault" is a sentence that says what is wrong; empty: nothing is.
namespace k8scale::apiserver {

using Causes = std::vector<Cause>;

[[nodiscard]] std::string subdomain_fault(std::string_view name);
[[nodiscard]] std::string dns_label_fault(std::string_view name);
[[nodiscard]] std::vector<std::string> label_key_faults(std::string_view key);
[[nodiscard]] std::vector<std::string> label_value_faults(std::string_view value);

/// What is wrong with a document that is about to be stored; empty when nothing is.
[[nodiscard]] Causes validate(const ResourceInfo& resource, const Json& document);
/// What may not change between two versions.
[[nodiscard]] Causes validate_update(const ResourceInfo& resource, const Json& document,
                                     const Json& previous);

}  // namespace k8scale::apiserver
