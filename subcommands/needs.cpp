#include "needs.h"

#include "driver_namespace.h"

namespace k8scale::subcommands {
namespace {

using Needs = std::vector<Need>;

std::string scaletest() { return std::string(namespace_name); }

void add(Needs& needs, Needs more) { needs.insert(needs.end(), more.begin(), more.end()); }

Needs endpoints_for(std::string flag) {
  return {{kube::endpoints(), "default", "kubernetes", {"get"}, std::move(flag)}};
}

Needs driver(const kube::Resource& resource, std::vector<std::string> verbs) {
  return {{resource, scaletest(), "", std::move(verbs), ""},
          {resource, scaletest(), "", {"list", "watch"}, "--observe"},
          {kube::config_maps(), scaletest(), "", {"create", "get", "patch", "delete"}, "--start-together"},
          {kube::config_maps(), scaletest(), "", {"create", "get", "delete"}, "--store-summary"}};
}

Needs general_driver(const kube::Resource& resource) {
  Needs needs = driver(resource, {"create", "delete"});
  add(needs, {{resource, scaletest(), "", {"patch"}, "--updates"},
              {resource, scaletest(), "", {"get", "list", "update", "patch"}, "--mix"},
              {kube::namespaces(), "", "", {"get", "create", "delete"}, "--namespaces"},
              {resource, "", "", {"create", "delete"}, "--namespaces"}});
  add(needs, endpoints_for("--clientlb"));
  return needs;
}

// Where runs wrote, and, for those who may, wherever else they did.
Needs cleaner(const kube::Resource& flunders) {
  const std::vector<std::string> verbs = {"list", "delete"};
  const std::string more = "everywhere";
  return {{kube::config_maps(), scaletest(), "", verbs, ""},
          {flunders, scaletest(), "", verbs, "", Absence::nothing_to_do},
          {kube::config_maps(), "", "", verbs, more},
          {flunders, "", "", verbs, more, Absence::nothing_to_do},
          {kube::namespaces(), "", "", verbs, more}};
}

Needs watcher(const kube::Resource& resource) { return {{resource, "", "", {"list", "watch"}, ""}}; }

}  // namespace

std::vector<Need> needs_of(std::string_view subcommand, const NeededResources& resources) {
  Needs needs;
  if (subcommand == "cmdriver") {
    needs = driver(kube::config_maps(), {"create", "delete"});
    add(needs, endpoints_for("-clientlb"));
  } else if (subcommand == "cmdriverclosed") {
    needs = driver(kube::config_maps(), {"create", "patch", "delete"});
    add(needs, endpoints_for(""));
  } else if (subcommand == "flunder-driver") {
    needs = driver(resources.flunders, {"create", "delete"});
  } else if (subcommand == "drive") {
    needs = general_driver(resources.general);
  } else if (subcommand == "merge") {
    needs = {{kube::config_maps(), scaletest(), "", {"list"}, "--run"}};
  } else if (subcommand == "cleanup") {
    needs = cleaner(resources.flunders);
  } else if (subcommand == "cm-logger") {
    needs = watcher(kube::config_maps());
  } else if (subcommand == "flunder-logger" || subcommand == "flunder-watch") {
    needs = watcher(resources.flunders);
  } else if (subcommand == "logger" || subcommand == "watch") {
    needs = watcher(resources.general);
  }
  return needs;
}

}  // namespace k8scale::subcommands
