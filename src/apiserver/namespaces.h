#pragma once
#include "call.h"
#include "core.h"
#include "writes.h"

/// How objects end: at once, or when their last finalizer is gone; and a namespace when it is empty.
namespace k8scale::apiserver {

/// default, kube-system and kube-public stay.
[[nodiscard]] bool is_protected(std::string_view namespace_name);

/// Refuses to create something in a namespace that does not exist or is about to end.
[[nodiscard]] Answer<void> check_namespace(const Core& core, const Call& call, std::string_view object_name);

/// Whether the store still has this very object.
[[nodiscard]] bool find_same(const Core& core, const ResourceInfo& resource, const ObjectPointer& object);

/// Deletes what has no finalizer; marks the rest with deletionTimestamp.
Written delete_object(Core& core, const ResourceInfo& resource, const ObjectPointer& object);

/// Marks the namespace as Terminating and deletes what is in it, then the namespace itself if nothing holds
/// it.
ObjectPointer terminate_namespace(Core& core, const ObjectPointer& object);

/// Whether an object without finalizers that is being deleted may go: a namespace only when it is empty.
[[nodiscard]] bool may_end(const Core& core, const ResourceInfo& resource, const Key& key);

/// Ends a terminating namespace whose last object went.
void end_namespace_if_empty(Core& core, const std::string& namespace_name);

}  // namespace k8scale::apiserver
