#include "subcommands.h"

#include <algorithm>
#include <array>

#include "tools.h"

namespace k8scale::subcommands {

std::string_view heading(Group group) {
  switch (group) {
    case Group::load:
      return "Put load on an API server";
    case Group::watching:
      return "Record what a controller would see";
    case Group::network:
      return "Measure the network";
    case Group::server:
      return "Serve the Kubernetes API";
    case Group::program:
      return "Around the program";
  }
  return "";
}

std::span<const Subcommand> all() {
  using enum Group;
  using enum Link;
  static constexpr std::array subcommands = {
      Subcommand{"cmdriver", load, yes, "create and delete ConfigMaps in an open loop", cmdriver},
      Subcommand{"cmdriverclosed", load, yes, "create, update and delete ConfigMaps in a closed loop",
                 cmdriverclosed},
      Subcommand{"flunder-driver", load, yes, "create and delete Flunders in an open loop", flunder_driver},
      Subcommand{"drive", load, no, "drive any resource: the general driver", drive},
      Subcommand{"cleanup", load, no, "remove what drivers that crashed left", cleanup},
      Subcommand{"merge", load, no, "make one summary of those of a run's parts", merge},
      Subcommand{"cm-logger", watching, yes, "record what a controller sees of ConfigMaps", cm_logger},
      Subcommand{"flunder-logger", watching, yes, "record what a controller sees of Flunders",
                 flunder_logger},
      Subcommand{"logger", watching, no, "record what a controller sees of any resource", logger},
      Subcommand{"flunder-watch", watching, yes, "list and watch Flunders, once or many times over",
                 flunder_watch},
      Subcommand{"watch", watching, no, "list and watch any resource, once or many times over", watch},
      Subcommand{"httperf", network, yes, "measure throughput and pacing of HTTP over TLS", httperf},
      Subcommand{"go_httperf", network, yes, "the same as httperf", httperf},
      Subcommand{"apiserver", server, no, "serve the Kubernetes API from memory", apiserver},
      Subcommand{"check", program, no, "try the configured server and what it permits", check},
      Subcommand{"completion", program, no, "print a completion script for bash, zsh or fish", completion},
      Subcommand{"man", program, no, "print a manual page", man},
  };
  return subcommands;
}

const Subcommand* find(std::string_view name) {
  const auto found = std::ranges::find(all(), name, &Subcommand::name);
  return found == all().end() ? nullptr : &*found;
}

}  // namespace k8scale::subcommands
