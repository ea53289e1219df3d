#pragma once
#include <string_view>

/// What can be wrong with an object or an event, in words that both encodings use.
namespace k8scale::kube::problem {

constexpr std::string_view no_metadata = "an object without metadata";
constexpr std::string_view no_name = "an object without name";
constexpr std::string_view no_version = "an object without resourceVersion";
constexpr std::string_view no_type = "an event of an unknown type";
constexpr std::string_view no_object = "an event without object";
constexpr std::string_view half_event = "half an event";
constexpr std::string_view half_list = "half a list";
constexpr std::string_view large_event = "an event is too large";
constexpr std::string_view list_without_version = "a list without resourceVersion";

}  // namespace k8scale::kube::problem
