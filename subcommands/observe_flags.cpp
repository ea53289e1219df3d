#include "observe_flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "debug_from.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/text.h"
#include "output_file.h"

namespace k8scale::subcommands {
namespace {

bool is_name(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

}  // namespace

kube::Resource parse_resource(const std::string& text) {
  std::vector<std::string> parts = base::split(text, '/');
  if (parts.size() == 2) parts.insert(parts.begin(), "");
  const bool good =
      parts.size() == 3 && (parts[0].empty() || is_name(parts[0])) && is_name(parts[1]) && is_name(parts[2]);
  if (!good) {
    throw base::Error(fmt::format(
        "--resource: found {}, expected group/version/plural such as apps/v1/deployments, or version/plural "
        "such as v1/configmaps",
        base::go_quote(text)));
  }
  kube::Resource resource;
  resource.group = parts[0];
  resource.version = parts[1];
  resource.plural = parts[2];
  return resource;
}

std::string resource_text(const kube::Resource& resource) {
  return resource.api_version() + "/" + resource.plural;
}

void ObserveFlags::declare(CLI::App& app) {
  cluster.declare(app, "--server,--master");
  const std::string what = "what to watch: group/version/plural, or version/plural for the core group";
  const bool refused = unnamed == Unnamed::refused;
  base::add_value(app, "--resource", resource,
                  refused ? what : what + "; empty: Flunders, wherever they are");
  base::add_bool(app, "--useProtobuf", use_protobuf, "ask for protobuf; JSON when the server has none");
  base::add_bool(app, "--gzip", gzip, "ask for compressed lists");
  base::add_bool(app, "--metadata-only", metadata_only,
                 "ask for metadata only, which changes what the server does");
  base::add_duration(app, "--for", run_for, "end after this time; 0 for never");
  base::add_duration(app, "--until-idle", until_idle,
                     "end when there was a list and then nothing new for this time; 0 for never");
  base::add_bool(app, "--summary", summary, "print a summary at the end");
  base::add_value(app, "--summary-file", summary_file, "file for the summary in JSON")->type_name("FILE");
  base::add_value(app, "--metricport", metric_port, "port or host:port of Prometheus metrics");
  add_debug_from(app, debug_from);
  base::add_value(app, "-v", verbosity, verbosity_help);
}

void ObserveFlags::check() const {
  for (const auto& [flag, value] : {std::pair("--for", run_for), std::pair("--until-idle", until_idle)}) {
    if (value >= base::Nanoseconds(0)) continue;
    throw base::Error(fmt::format("{}: found {}, expected 0 or more", flag, base::format_duration(value)));
  }
  check_output_file("--summary-file", summary_file, 1);
}

kube::ReflectorOptions ObserveFlags::reflector_options() const {
  kube::ReflectorOptions options;
  options.encoding = use_protobuf ? kube::Encoding::protobuf : kube::Encoding::json;
  options.gzip = gzip;
  options.metadata_only = metadata_only;
  return options;
}

nlohmann::ordered_json ObserveFlags::parameters() const {
  return {{"resource", resource},           {"useProtobuf", use_protobuf}, {"gzip", gzip},
          {"metadata-only", metadata_only}, {"for", run_for.count()},      {"until-idle", until_idle.count()},
          {"embedded", cluster.embedded}};
}

}  // namespace k8scale::subcommands
