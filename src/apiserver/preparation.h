#pragma once
#include <functional>
#include <string>

#include "json_text.h"
#include "k8scale/base/random.h"
#include "k8scale/base/time.h"
#include "resource_table.h"

/// What the server itself fills in before an object is validated and stored.
namespace k8scale::apiserver {

/// Version 4, RFC 9562.
[[nodiscard]] std::string make_uid(base::Random& random);
/// `prefix` and five letters or digits; the prefix is cut so that the name keeps to 63 characters.
[[nodiscard]] std::string generate_name(std::string_view prefix, base::Random& random);

/// The defaults of the kind: a Secret's type, a Namespace's phase, a Service's ports, …
void fill_defaults(const ResourceInfo& resource, Json& document);

/// Metadata of a new object: uid, creationTimestamp, generation; what clients may not set is dropped.
void start_metadata(const ResourceInfo& resource, Json& document, base::WallTime now, base::Random& random);

/// Metadata that an update may not change is taken from `previous`; generation counts a changed spec.
void carry_metadata(const ResourceInfo& resource, Json& document, const Json& previous);

}  // namespace k8scale::apiserver
