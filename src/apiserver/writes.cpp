#include "writes.h"

#include <fmt/format.h>

#include "k8scale/base/text.h"
#include "namespaces.h"
#include "options.h"
#include "patch.h"
#include "preparation.h"
#include "validation.h"

namespace k8scale::apiserver {
namespace {

constexpr std::string_view modified =
    "the object has been modified; please apply your changes to the latest version and try again";

std::size_t index_of(const Core& core, const Call& call) { return core.table.index_of(*call.resource); }

ObjectPointer find(const Core& core, const Call& call) {
  return core.store.find(index_of(core, call), {call.namespace_name, call.name});
}

Answer<void> settle_namespace(const Call& call, Json& metadata) {
  const std::string_view given = text_member(metadata, "namespace");
  if (!call.resource->namespaced) {
    metadata.erase("namespace");
    return {};
  }
  if (!given.empty() && given != call.namespace_name) {
    return bad_request(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  metadata["namespace"] = call.namespace_name;
  return {};
}

Refusal invalid_object(const ResourceInfo& resource, const Json& document, std::vector<Cause> causes) {
  return invalid(resource.group, resource.kind, text_member(member(document, "metadata"), "name"),
                 std::move(causes));
}

// Settles the name, and the metadata of an object that is about to be.
Answer<void> start(Core& core, const Call& call, Json& document) {
  Json& metadata = document["metadata"];
  if (const auto settled = settle_namespace(call, metadata); !settled) return settled.error();
  if (parse_revision(text_member(metadata, "resourceVersion")).value_or(0) != 0) {
    return internal_error("resourceVersion should not be set on objects to be created");
  }
  metadata.erase("resourceVersion");
  const std::string prefix(text_member(metadata, "generateName"));
  if (text_member(metadata, "name").empty() && !prefix.empty()) {
    metadata["name"] = generate_name(prefix, core.random);
  }
  start_metadata(*call.resource, document, core.clock(), core.random);
  fill_defaults(*call.resource, document);
  std::vector<Cause> causes = validate(*call.resource, document);
  if (!causes.empty()) return invalid_object(*call.resource, document, std::move(causes));
  return {};
}

// Stores `document` in place of `previous`, unless nothing changed or its last finalizer is gone.
Written replace(Core& core, const Call& call, Json document, const ObjectPointer& previous, Json before) {
  const std::size_t resource = index_of(core, call);
  Json& metadata = document["metadata"];
  metadata.erase("resourceVersion");
  before["metadata"].erase("resourceVersion");
  if (document == before) return {previous, false, {}};
  const bool ends = metadata.contains("deletionTimestamp") && member(metadata, "finalizers").empty();
  if (call.dry_run())
    return {std::make_shared<const Object>(std::move(document), previous->revision()), false, {}};
  if (!ends || !may_end(core, *call.resource, previous->key())) {
    return {core.store.put(resource, std::move(document)), false, {}};
  }
  auto last = std::make_shared<const Object>(std::move(document), previous->revision());
  const Key key = previous->key();
  core.store.remove(resource, {key.namespace_name, key.name});
  end_namespace_if_empty(core, key.namespace_name);
  return {std::move(last), false, {}};
}

// The namespace and the name that the object gives itself are those of the URL.
Answer<void> settle_place(const Call& call, Json& metadata) {
  if (const auto settled = settle_namespace(call, metadata); !settled) return settled.error();
  const std::string_view name = text_member(metadata, "name");
  if (name == call.name) return {};
  return bad_request(
      name.empty()
          ? fmt::format("the name of the object ({} based on URL) was undeterminable: name must be provided",
                        call.name)
          : fmt::format("the name of the object ({}) does not match the name on the URL ({})", name,
                        call.name));
}

// Whether the version that an update gives is the one that it replaces; without one it replaces any.
Answer<void> check_replaced(const Call& call, const Json& metadata, const Object& previous) {
  const std::string_view text = text_member(metadata, "resourceVersion");
  const std::optional<std::uint64_t> version = text.empty() ? 0 : parse_revision(text);
  if (!version) {
    return internal_error(fmt::format("strconv.ParseUint: parsing {}: invalid syntax", base::go_quote(text)));
  }
  if (*version == previous.revision()) return {};
  if (*version != 0) return conflict(call.resource->qualified(), call.name, modified);
  if (!call.resource->needs_version) return {};
  return invalid(call.resource->group, call.resource->plural, call.name,
                 {{"FieldValueInvalid", "Invalid value: 0: must be specified for an update",
                   "metadata.resourceVersion"}});
}

Answer<Written> store_update(Core& core, const Call& call, Body body, const ObjectPointer& previous,
                             Json before) {
  Json& document = body.document;
  Json& metadata = document["metadata"];
  if (const auto settled = settle_place(call, metadata); !settled) return settled.error();
  if (const auto replaced = check_replaced(call, metadata, *previous); !replaced) return replaced.error();
  carry_metadata(*call.resource, document, before);
  fill_defaults(*call.resource, document);
  std::vector<Cause> causes = validate_update(*call.resource, document, before);
  if (!causes.empty()) return invalid_object(*call.resource, document, std::move(causes));
  Written written = replace(core, call, std::move(document), previous, std::move(before));
  written.warnings = std::move(body.warnings);
  return written;
}

Answer<PatchType> patch_type(const Call& call) {
  const bool strategic = call.resource->strategic;
  if (call.content_type == "application/json-patch+json") return PatchType::json;
  if (call.content_type == "application/merge-patch+json") return PatchType::merge;
  if (call.content_type == "application/strategic-merge-patch+json" && strategic) return PatchType::strategic;
  return unsupported_media_type(
      fmt::format("the body of the request was in an unknown format - accepted media types include: "
                  "application/json-patch+json, application/merge-patch+json{}",
                  strategic ? ", application/strategic-merge-patch+json" : ""));
}

Answer<void> check_preconditions(const Call& call, const DeleteOptions& options, const Object& object) {
  if (!options.uid.empty() && options.uid != object.uid()) {
    return conflict(call.resource->kind, object.key().name,
                    fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The "
                                "object might have been deleted and then recreated",
                                options.uid, object.uid()));
  }
  if (!options.resource_version.empty() && parse_revision(options.resource_version) != object.revision()) {
    return conflict(call.resource->kind, object.key().name,
                    fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                                "ResourceVersion in record ({}). The object might have been modified",
                                options.resource_version, object.revision()));
  }
  return {};
}

// Stores a new object, whose namespace is there.
Answer<Written> store_new(Core& core, const Call& call, Body body) {
  Json& document = body.document;
  if (const auto started = start(core, call, document); !started) return started.error();
  const std::string& name = document["metadata"]["name"].get_ref<const std::string&>();
  const std::size_t resource = index_of(core, call);
  if (core.store.find(resource, {call.namespace_name, name})) return already_exists(*call.resource, name);
  ObjectPointer made = call.dry_run() ? std::make_shared<const Object>(std::move(document), 0)
                                      : core.store.put(resource, std::move(document));
  return Written{std::move(made), false, std::move(body.warnings)};
}

}  // namespace

Answer<Written> create(Core& core, const Call& call) {
  if (const auto known = check_write_options(call, "CreateOptions"); !known) return known.error();
  Answer<Body> body = read_body(core, call);
  if (!body) return body.error();
  Json& metadata = body->document["metadata"];
  if (const auto settled = settle_namespace(call, metadata); !settled) return settled.error();
  const auto open = check_namespace(core, call, text_member(metadata, "name"));
  if (!open) return open.error();
  return store_new(core, call, *std::move(body));
}

Answer<Written> update(Core& core, const Call& call) {
  if (const auto known = check_write_options(call, "UpdateOptions"); !known) return known.error();
  Answer<Body> body = read_body(core, call);
  if (!body) return body.error();
  Json& metadata = body->document["metadata"];
  if (const auto settled = settle_place(call, metadata); !settled) return settled.error();
  const ObjectPointer previous = find(core, call);
  if (!previous && call.resource->creates_on_update) {
    if (const auto open = check_namespace(core, call, call.name); !open) return open.error();
    metadata.erase("resourceVersion");
    Answer<Written> written = store_new(core, call, *std::move(body));
    if (written) written->created = true;
    return written;
  }
  if (!previous) return not_found(*call.resource, call.name);
  const std::string_view uid = text_member(metadata, "uid");
  if (!uid.empty() && uid != previous->uid()) {
    return conflict(call.resource->qualified(), call.name,
                    fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", uid,
                                previous->uid()));
  }
  return store_update(core, call, *std::move(body), previous, previous->document());
}

Answer<Written> patch(Core& core, const Call& call) {
  const Answer<PatchType> type = patch_type(call);
  if (!type) return type.error();
  if (const auto known = check_write_options(call, "PatchOptions"); !known) return known.error();
  const ObjectPointer previous = find(core, call);
  if (!previous) return not_found(*call.resource, call.name);
  Json before = previous->document();
  Json document = before;
  const auto applied = apply_patch(*type, document, call.body);
  if (!applied) return applied.error();
  const auto patched_text = [&] {
    Json patched = before;
    static_cast<void>(apply_patch(*type, patched, call.body));
    return to_text(patched);
  };
  Answer<Body> body = check_patched(core, call, std::move(document), *applied, patched_text);
  if (!body) return body.error();
  return store_update(core, call, *std::move(body), previous, std::move(before));
}

Answer<Written> remove(Core& core, const Call& call) {
  const Answer<DeleteOptions> options = read_delete_options(core, call);
  if (!options) return options.error();
  const ObjectPointer object = find(core, call);
  if (!object) return not_found(*call.resource, call.name);
  if (const auto allowed = check_preconditions(call, *options, *object); !allowed) return allowed.error();
  const bool is_namespace = call.resource == &core.table.namespaces();
  if (is_namespace && is_protected(call.name)) {
    return forbidden(*call.resource, call.name, "this namespace may not be deleted");
  }
  if (options->dry_run) return Written{object, !is_namespace, {}};
  if (is_namespace) return Written{terminate_namespace(core, object), false, {}};
  return delete_object(core, *call.resource, object);
}

Answer<List> remove_collection(Core& core, const Call& call) {
  const Answer<DeleteOptions> options = read_delete_options(core, call);
  if (!options) return options.error();
  Answer<List> found = list(core, call);
  if (!found) return found.error();
  for (const ObjectPointer& object : found->items) {
    const auto allowed = check_preconditions(call, *options, *object);
    if (!allowed) return allowed.error();
    if (!options->dry_run && find_same(core, *call.resource, object))
      static_cast<void>(delete_object(core, *call.resource, object));
  }
  return found;
}

}  // namespace k8scale::apiserver
