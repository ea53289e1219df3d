#pragma once
#include "core.h"
#include "event_tampering.h"
#include "frame_cache.h"
#include "k8scale/net/server.h"
#include "watch_options.h"
#include "watches.h"

namespace k8scale::apiserver {

/// What the watches of a server share.
struct WatchContext {
  const Core& core;
  FrameCache& frames;
  Watches& watches;
  FaultInjector& faults;
  net::Signal& stopped;
  base::Random& random;
};

/// Whether a fault cuts the watch in the middle of the first that it sends.
enum class WatchEnd { regular, cut };

/// Answers a watch: the objects that exist if that was asked for, then every change as it happens, until its
/// timeout is over, the client goes, falls out of the event window, or the server stops. It holds a position
/// in the event window and nothing else; a client that takes nothing is cut off by the connection's timeout.
/// A revision that is too old makes an ERROR event in an answer of status 200, as with kube-apiserver.
[[nodiscard]] net::Task<void> watch(WatchContext& context, const Call& call, const WatchOptions& options,
                                    net::Responder& responder, net::ResponseHead head, WatchEnd end);

}  // namespace k8scale::apiserver
