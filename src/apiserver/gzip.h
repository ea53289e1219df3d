#pragma once
#include <string>
#include <string_view>

namespace k8scale::apiserver {

/// `text` in gzip (RFC 1952), at the level that favours speed, as kube-apiserver does.
[[nodiscard]] std::string gzip(std::string_view text);

}  // namespace k8scale::apiserver
