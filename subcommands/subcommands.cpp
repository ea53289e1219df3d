#include "subcommands.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "tools.h"

namespace k8scale::subcommands {

std::span<const Subcommand> all() {
  static constexpr std::array subcommands = {
      Subcommand{"cmdriver", "create and delete ConfigMaps in an open loop", cmdriver},
      Subcommand{"cmdriverclosed", "create, update and delete ConfigMaps in a closed loop", cmdriverclosed},
      Subcommand{"flunder-driver", "create and delete Flunders in an open loop", flunder_driver},
      Subcommand{"drive", "drive any resource: the general driver", drive},
      Subcommand{"cleanup", "remove what drivers that crashed left", cleanup},
      Subcommand{"merge", "make one summary of those of a run's parts", merge},
      Subcommand{"cm-logger", "record what a controller sees of ConfigMaps", cm_logger},
      Subcommand{"flunder-logger", "record what a controller sees of Flunders", flunder_logger},
      Subcommand{"flunder-watch", "list and watch Flunders, once or many times over", flunder_watch},
      Subcommand{"logger", "record what a controller sees of any resource", logger},
      Subcommand{"watch", "list and watch any resource, once or many times over", watch},
      Subcommand{"httperf", "measure throughput and pacing of HTTP over TLS", httperf},
      Subcommand{"go_httperf", "the same as httperf", httperf},
      Subcommand{"apiserver", "serve the Kubernetes API from memory", apiserver},
  };
  return subcommands;
}

int print_outcome(const base::ParseOutcome& outcome, const std::string& program) {
  if (outcome.exit_code == 0) {
    std::fputs(outcome.text.c_str(), stdout);
  } else {
    std::fputs(fmt::format("{}: {}\n", program, outcome.text).c_str(), stderr);
  }
  return outcome.exit_code;
}

}  // namespace k8scale::subcommands
