#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "refusal.h"

/// The rules of kube-apiserver for what may be stored (k8s.io/apimachinery/pkg/util/validation and
/// pkg/apis/core/validation). A "fault" is the sentence that says what is wrong, or empty.
namespace k8scale::apiserver {

[[nodiscard]] std::string subdomain_fault(std::string_view name);
[[nodiscard]] std::string dns_label_fault(std::string_view name);
[[nodiscard]] std::string label_key_fault(std::string_view key);
[[nodiscard]] std::string label_value_fault(std::string_view value);

/// What is wrong with a document that is about to be stored; empty when nothing is.
[[nodiscard]] std::vector<Cause> validate(const ResourceInfo& resource, const Json& document);
/// What may not change between two versions.
[[nodiscard]] std::vector<Cause> validate_update(const ResourceInfo& resource, const Json& document,
                                                 const Json& previous);

}  // namespace k8scale::apiserver
