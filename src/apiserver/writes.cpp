#include "writes.h"

#include <fmt/format.h>

#include "namespaces.h"
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
    if (!given.empty()) return bad_request("namespace may not be set on a cluster-scoped object");
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
  if (!text_member(metadata, "resourceVersion").empty()) {
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
Written replace(Core& core, const Call& call, Json document, const ObjectPointer& previous,
                const Json& before) {
  const std::size_t resource = index_of(core, call);
  Json comparable = document;
  comparable["metadata"].erase("resourceVersion");
  Json former = before;
  former["metadata"].erase("resourceVersion");
  if (comparable == former) return {previous, false, {}};
  const Json& metadata = document["metadata"];
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

Answer<Written> store_update(Core& core, const Call& call, Body body, const ObjectPointer& previous,
                             const Json& before) {
  Json& document = body.document;
  Json& metadata = document["metadata"];
  const std::string name(text_member(metadata, "name"));
  if (name != call.name) {
    return bad_request(
        name.empty() ? fmt::format("the name of the object ({} based on URL) was undeterminable: name must "
                                   "be provided",
                                   call.name)
                     : fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                                   name, call.name));
  }
  if (const auto settled = settle_namespace(call, metadata); !settled) return settled.error();
  const std::string_view version = text_member(metadata, "resourceVersion");
  if (!version.empty() && parse_revision(version) != previous->revision()) {
    return conflict(call.resource->qualified(), call.name, modified);
  }
  carry_metadata(*call.resource, document, before);
  fill_defaults(*call.resource, document);
  std::vector<Cause> causes = validate_update(*call.resource, document, before);
  if (!causes.empty()) return invalid_object(*call.resource, document, std::move(causes));
  Written written = replace(core, call, std::move(document), previous, before);
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

}  // namespace

Answer<Written> create(Core& core, const Call& call) {
  if (const auto known = check_write_options(call, "CreateOptions"); !known) return known.error();
  Answer<Body> body = read_body(core.schema, call);
  if (!body) return body.error();
  Json& document = body->document;
  const std::string asked(text_member(document["metadata"], "name"));
  if (const auto open = check_namespace(core, call, asked); !open) return open.error();
  if (const auto started = start(core, call, document); !started) return started.error();
  const std::string& name = document["metadata"]["name"].get_ref<const std::string&>();
  const std::size_t resource = index_of(core, call);
  if (core.store.find(resource, {call.namespace_name, name})) return already_exists(*call.resource, name);
  if (call.dry_run()) {
    return Written{std::make_shared<const Object>(std::move(document), 0), false, std::move(body->warnings)};
  }
  return Written{core.store.put(resource, std::move(document)), false, std::move(body->warnings)};
}

Answer<Written> update(Core& core, const Call& call) {
  if (const auto known = check_write_options(call, "UpdateOptions"); !known) return known.error();
  Answer<Body> body = read_body(core.schema, call);
  if (!body) return body.error();
  const ObjectPointer previous = find(core, call);
  if (!previous) return not_found(*call.resource, call.name);
  const std::string_view uid = text_member(member(body->document, "metadata"), "uid");
  if (!uid.empty() && uid != previous->uid()) {
    return conflict(call.resource->qualified(), call.name,
                    fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", uid,
                                previous->uid()));
  }
  const Json before = previous->document();
  return store_update(core, call, *std::move(body), previous, before);
}

Answer<Written> patch(Core& core, const Call& call) {
  if (const auto known = check_write_options(call, "PatchOptions"); !known) return known.error();
  const Answer<PatchType> type = patch_type(call);
  if (!type) return type.error();
  const ObjectPointer previous = find(core, call);
  if (!previous) return not_found(*call.resource, call.name);
  const Json before = previous->document();
  Json document = before;
  // Without a version of its own a patch applies to whatever is there.
  document["metadata"].erase("resourceVersion");
  if (const auto applied = apply_patch(*type, document, call.body); !applied) return applied.error();
  Answer<Body> body = check_patched(core.schema, call, std::move(document), {});
  if (!body) return body.error();
  return store_update(core, call, *std::move(body), previous, before);
}

Answer<Written> remove(Core& core, const Call& call) {
  const Answer<DeleteOptions> options = read_delete_options(core.schema, call);
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
  const Answer<DeleteOptions> options = read_delete_options(core.schema, call);
  if (!options) return options.error();
  Answer<List> found = list(core, call);
  if (!found) return found.error();
  if (options->dry_run) return found;
  for (const ObjectPointer& object : found->items) {
    if (find_same(core, *call.resource, object))
      static_cast<void>(delete_object(core, *call.resource, object));
  }
  return found;
}

}  // namespace k8scale::apiserver
