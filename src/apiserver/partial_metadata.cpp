#include "partial_metadata.h"

#include <fmt/format.h>

namespace k8scale::apiserver {

std::string partial_metadata_text(const Object& object) {
  return fmt::format(R"({{"kind":"{}","apiVersion":"{}","metadata":{}}})", partial_metadata_kind,
                     meta_version, object.metadata());
}

Json partial_metadata(const Object& object) {
  return {{"kind", partial_metadata_kind},
          {"apiVersion", meta_version},
          {"metadata", parse_json(object.metadata()).value}};
}

}  // namespace k8scale::apiserver
