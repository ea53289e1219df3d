#include "cleanup_command.h"

#include <algorithm>
#include <string_view>

#include "k8scale/base/text.h"
#include "observe_flags.h"

namespace k8scale::subcommands {
namespace {

bool is_plain(char c) {
  constexpr std::string_view others = "-_./:@%+=,";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         others.find(c) != std::string_view::npos;
}

void append(std::string& command, std::string_view flag, const std::string& value) {
  if (value.empty()) return;
  const bool plain = std::all_of(value.begin(), value.end(), is_plain);
  command.append(" ").append(flag).append(" ").append(plain ? value : base::shell_quote(value));
}

// What cleanup looks for anyway.
bool is_usual(const kube::Resource& resource) {
  return resource.plural == "flunders" || resource.is_config_maps();
}

}  // namespace

std::string cleanup_command(const std::string& run_id, const kube::Resource& resource,
                            const ClusterFlags& cluster) {
  std::string command = "k8scale cleanup";
  append(command, "-runid", run_id);
  append(command, "--resource", is_usual(resource) ? "" : resource_text(resource));
  append(command, "-kubeconfig", cluster.kubeconfig);
  append(command, "--context", cluster.context);
  append(command, "--server", cluster.server);
  return command;
}

}  // namespace k8scale::subcommands
