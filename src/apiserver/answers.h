#pragma once
#include <string>

#include "call.h"
#include "core.h"
#include "list.h"
#include "table.h"

/// The bodies of answers, in the form that the client asked for.
namespace k8scale::apiserver {

/// Which objects the rows of a table shall carry.
[[nodiscard]] RowObject row_object(const Call& call);

[[nodiscard]] std::string object_body(const Core& core, const Call& call, const ObjectPointer& object);
[[nodiscard]] std::string list_body(const Core& core, const Call& call, const List& list);
/// The Status that says that `object` is gone.
[[nodiscard]] std::string deleted_body(const Core& core, const Call& call, const Object& object);
/// A document that is what it is, in whatever encoding.
[[nodiscard]] std::string document_body(const Core& core, Encoding encoding, const Json& document);

}  // namespace k8scale::apiserver
