#include "k8scale/observe/object_store.h"

#include <charconv>

namespace k8scale::observe {

std::uint64_t version_number(std::string_view resource_version) {
  std::uint64_t number = 0;
  const char* const end = resource_version.data() + resource_version.size();
  const auto [stop, error] = std::from_chars(resource_version.data(), end, number);
  return error == std::errc() && stop == end ? number : 0;
}

}  // namespace k8scale::observe
