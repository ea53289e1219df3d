#include <fmt/format.h>
#include <fmt/ranges.h>

#include "k8scale/base/text.h"
#include "k8scale/kube/configuration.h"

namespace k8scale::kube {
namespace {

std::vector<std::string> credentials_of(const Configuration& configuration) {
  std::vector<std::string> ways;
  if (configuration.exec) {
    ways.push_back("exec plugin " + configuration.exec->command);
  } else if (!configuration.token_file.empty()) {
    ways.push_back("token file " + configuration.token_file.string());
  } else if (!configuration.token.empty()) {
    ways.emplace_back("token");
  } else if (!configuration.username.empty()) {
    ways.push_back("password of " + base::go_quote(configuration.username));
  }
  if (!configuration.client_certificate.pem.empty()) {
    ways.push_back("client certificate from " + configuration.client_certificate.origin);
  }
  if (ways.empty()) ways.emplace_back("none");
  return ways;
}

std::string trust_of(const Configuration& configuration) {
  if (!configuration.server.tls) return "no TLS";
  if (!configuration.verify_server) return "server not verified";
  const bool own = !configuration.ca.pem.empty();
  return "server verified by " + (own ? configuration.ca.origin : std::string("the system's authorities"));
}

}  // namespace

std::string description(const Configuration& configuration) {
  std::string text = "configuration: " + configuration.source;
  if (!configuration.context.empty()) text += ", context " + base::go_quote(configuration.context);
  text +=
      fmt::format("; server {}{}; {}; credentials: {}", configuration.server.url(), configuration.path_prefix,
                  trust_of(configuration), fmt::join(credentials_of(configuration), ", "));
  if (!configuration.impersonation.user.empty()) {
    text += "; as " + base::go_quote(configuration.impersonation.user);
  }
  if (configuration.proxy) text += "; through proxy " + configuration.proxy->endpoint.url();
  return text;
}

}  // namespace k8scale::kube
