#pragma once
#include <functional>
#include <string>
#include <vector>

#include "call.h"
#include "core.h"

/// Reads the object in the body of a request.
namespace k8scale::apiserver {

struct Body {
  Json document;
  std::vector<std::string> warnings;  ///< unknown and duplicate fields, unless fieldValidation=Ignore
};

/// The object of a create or an update, of the right kind, with only the fields that its kind has.
[[nodiscard]] Answer<Body> read_body(const Core& core, const Call& call);

/// The same checks for what a patch made; `duplicate_fields` are the patch's own. `patched_text` gives the
/// whole of it, which a refusal shows.
[[nodiscard]] Answer<Body> check_patched(const Core& core, const Call& call, Json document,
                                         const std::vector<std::string>& duplicate_fields,
                                         const std::function<std::string()>& patched_text);

/// Whether a body of that media type is JSON; no type means JSON.
[[nodiscard]] bool is_json(std::string_view content_type);
/// 415 for a body that is neither JSON nor, where that is read, protobuf.
[[nodiscard]] Refusal unknown_format(bool protobuf_too);

}  // namespace k8scale::apiserver
