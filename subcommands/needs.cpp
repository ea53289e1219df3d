#include "needs.h"

#include "driver_namespace.h"

namespace k8scale::subcommands {
namespace {

std::string scaletest() { return std::string(namespace_name); }

Need endpoints_for(std::string flag) {
  return {kube::endpoints(), "default", "kubernetes", {"get"}, std::move(flag)};
}

std::vector<Need> driver(const kube::Resource& resource, std::vector<std::string> verbs) {
  return {{resource, scaletest(), "", std::move(verbs), ""},
          {resource, scaletest(), "", {"list", "watch"}, "--observe"},
          {kube::config_maps(), scaletest(), "", {"create", "get", "patch", "delete"}, "--start-together"},
          {kube::config_maps(), scaletest(), "", {"create", "get", "delete"}, "--store-summary"}};
}

std::vector<Need> watcher(const kube::Resource& resource) {
  return {{resource, "", "", {"list", "watch"}, ""}};
}

}  // namespace

std::vector<Need> needs_of(std::string_view subcommand, const kube::Resource& general) {
  std::vector<Need> needs;
  if (subcommand == "cmdriver") {
    needs = driver(kube::config_maps(), {"create", "delete"});
    needs.push_back(endpoints_for("-clientlb"));
  } else if (subcommand == "cmdriverclosed") {
    needs = driver(kube::config_maps(), {"create", "patch", "delete"});
    needs.push_back(endpoints_for(""));
  } else if (subcommand == "flunder-driver") {
    needs = driver(kube::flunders(), {"create", "delete"});
  } else if (subcommand == "drive") {
    needs = driver(general, {"create", "delete"});
    needs.push_back({general, scaletest(), "", {"patch"}, "--updates"});
    needs.push_back({general, scaletest(), "", {"get", "list", "update", "patch"}, "--mix"});
    needs.push_back(endpoints_for("--clientlb"));
  } else if (subcommand == "merge") {
    needs = {{kube::config_maps(), scaletest(), "", {"list"}, "--run"}};
  } else if (subcommand == "cleanup") {
    needs = {{kube::config_maps(), scaletest(), "", {"list", "delete"}, ""}};
  } else if (subcommand == "cm-logger") {
    needs = watcher(kube::config_maps());
  } else if (subcommand == "flunder-logger" || subcommand == "flunder-watch") {
    needs = watcher(kube::flunders());
  } else if (subcommand == "logger" || subcommand == "watch") {
    needs = watcher(general);
  }
  return needs;
}

}  // namespace k8scale::subcommands
