#pragma once
#include <string_view>

#include "validation.h"

/// What kube-apiserver asks of the kinds that this server knows, beyond their metadata.
namespace k8scale::apiserver {

void check_kind(std::string_view kind, const Json& document, Causes& causes);
void check_kind_update(std::string_view kind, const Json& document, const Json& previous, Causes& causes);

}  // namespace k8scale::apiserver
