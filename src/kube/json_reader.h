#pragma once
#include <memory>
#include <span>
#include <string>

#include "kube/body_reader.h"
#include "kube/object_parser.h"

namespace k8scale::kube {

/// Readers of lists and watches in JSON. They find the values of `annotations`; both arguments must outlive
/// them.
[[nodiscard]] std::unique_ptr<BodyReader> make_json_list_reader(ObjectParser& parser,
                                                                std::span<const std::string> annotations);
[[nodiscard]] std::unique_ptr<BodyReader> make_json_watch_reader(ObjectParser& parser,
                                                                 std::span<const std::string> annotations);

}  // namespace k8scale::kube
