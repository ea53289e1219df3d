#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/kube/client.h"
#include "k8scale/kube/tls_advice.h"

namespace k8scale::kube {
namespace {

std::string advice(const base::Failure& failure, const Configuration& configuration) {
  const bool is_hint = failure.detail().ends_with('?');
  if (failure.peer() == base::Peer::proxy) {
    return "; check the proxy: proxy-url in the kubeconfig, or $HTTPS_PROXY and $HTTP_PROXY";
  }
  switch (failure.kind()) {
    case base::FailureKind::resolve:
    case base::FailureKind::connect:
    case base::FailureKind::timeout:
      return "; check the server's URL and that it runs";
    case base::FailureKind::tls:
      return is_hint ? "" : "; " + tls_advice(configuration, failure.detail());
    default:
      if (is_hint) return "";
      return "; expected a Kubernetes API server there";
  }
}

}  // namespace

std::string server_version(net::Shard& shard, Client& client) {
  const Answer answer = shard.run(client.get_path("/version"));
  const auto failed = [&](const std::string& what) {
    return base::Error(client.server() + ": " + what, configuration_exit_code);
  };
  if (answer.failure)
    throw failed(answer.failure->message() + advice(*answer.failure, client.configuration()));
  const bool plain = client.server().starts_with("http://");
  if (plain && answer.http_status == 400) {
    throw failed("/version answered 400; does the server speak TLS, so that https:// is expected?");
  }
  if (answer.http_status == 401 || answer.http_status == 403) {
    throw failed(fmt::format("the server refuses the credentials ({}: {}); check the user in the kubeconfig",
                             answer.http_status, answer.status ? answer.status->text() : "no reason given"));
  }
  const auto version = nlohmann::json::parse(answer.body, nullptr, false);
  if (answer.status || !version.is_object() || !version.contains("gitVersion") ||
      !version["gitVersion"].is_string()) {
    throw failed(
        fmt::format("/version answered {} without a gitVersion; expected a Kubernetes API server there",
                    answer.http_status));
  }
  std::string text = version["gitVersion"].get<std::string>();
  base::log_verbose(2, client.server() + " is Kubernetes " + text);
  return text;
}

}  // namespace k8scale::kube
