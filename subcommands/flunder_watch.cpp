#include "k8scale/net/own_address.h"
#include "observe_run.h"
#include "tools.h"
#include "watch_run.h"

namespace k8scale::subcommands {

int flunder_watch(const Invocation& invocation) {
  return run_watcher({"flunder-watch", "Lists and watches Flunders, once or many times over.", "",
                      "flunder-watcher@" + net::own_address() + "@" + birth_time()},
                     invocation);
}

}  // namespace k8scale::subcommands
