#include "k8scale/net/own_address.h"
#include "observe_run.h"
#include "tools.h"
#include "watch_run.h"

namespace k8scale::subcommands {

int watch(const Invocation& invocation) {
  return run_watcher({"watch", "Lists and watches the objects of any resource, once or many times over.",
                      "v1/configmaps", "k8scale-watch@" + net::own_address() + "@" + birth_time()},
                     invocation);
}

}  // namespace k8scale::subcommands
