#pragma once
#include "call.h"
#include "core.h"
#include "k8scale/net/server.h"
#include "k8scale/net/wait.h"

namespace k8scale::apiserver {

/// What is wrong with the options of a watch.
[[nodiscard]] Answer<void> check_watch(const Core& core, const Call& call);

/// Answers a watch that was checked: the objects that exist when none or an unset resourceVersion was asked
/// for, then every change as it happens, until `timeoutSeconds` is over, the client goes or the server stops.
/// `changed` is raised (and lowered again) after each change of the store.
[[nodiscard]] net::Task<void> watch(const Core& core, const Call& call, net::Responder& responder,
                                    net::ResponseHead head, net::Signal& changed);

}  // namespace k8scale::apiserver
