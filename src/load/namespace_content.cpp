#include "k8scale/load/namespace_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "k8scale/kube/metadata_list.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {
namespace {

// They set a namespace up, or tell of it, and are not what people keep there.
constexpr std::array<std::string_view, 7> settings = {
    "serviceaccounts", "roles", "rolebindings", "resourcequotas", "limitranges", "networkpolicies", "events"};

// Of Kubernetes, OpenShift and Istio, for every namespace.
constexpr std::array<std::string_view, 3> published_certificates = {
    "kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"};

template <class Words>
bool is_one_of(std::string_view text, const Words& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// What service accounts are given, as "default-token-x2b7c": a word and five characters.
bool is_of_an_account(std::string_view secret) {
  constexpr std::size_t random = 5;
  if (secret.size() < random) return false;
  const std::string_view stem = secret.substr(0, secret.size() - random);
  return stem.ends_with("-token-") || stem.ends_with("-dockercfg-");
}

bool comes_by_itself(const kube::Resource& kind, std::string_view name) {
  if (kind.plural == "configmaps") return is_one_of(name, published_certificates);
  return kind.plural == "secrets" && is_of_an_account(name);
}

// What fails for the moment is asked again.
net::Task<kube::MetadataAnswer> list_page(kube::Client& client, const kube::Collection& collection,
                                          const kube::MetadataRequest& request) {
  constexpr int most_tries = 4;
  constexpr auto first_pause = std::chrono::milliseconds(50);
  kube::MetadataAnswer answer = co_await kube::list_metadata(client, collection, request);
  for (int tries = 1; tries < most_tries; ++tries) {
    if (answer.ok() || !kube::may_do_better(answer.failure, answer.status)) break;
    co_await net::sleep_for(first_pause * tries);
    answer = co_await kube::list_metadata(client, collection, request);
  }
  co_return std::move(answer);
}

// Why the objects of one kind keep the namespace; empty when they do not.
net::Task<std::string> what_holds(kube::Client& client, const kube::Collection& collection,
                                  const std::function<bool(std::string_view)>& is_ours) {
  kube::MetadataRequest request;
  do {
    const kube::MetadataAnswer found = co_await list_page(client, collection, request);
    const bool passed_over = found.status && (found.status->code == 403 || found.status->code == 404);
    if (passed_over) break;
    if (!found.ok())
      co_return fmt::format("its {} could not be listed: {}", collection.qualified(), found.error());
    for (const kube::ObjectMetadata& each : found.page.objects) {
      if (comes_by_itself(collection.resource(), each.name) || is_ours(each.name)) continue;
      co_return fmt::format("has {} {}", collection.qualified(), each.name);
    }
    request.continue_token = found.page.continue_token;
  } while (!request.continue_token.empty());
  co_return std::string();
}

}  // namespace

net::Task<std::string> what_holds_namespace(kube::Client& client, const kube::ServedResources& served,
                                            const std::string& name,
                                            const std::function<bool(std::string_view)>& is_ours) {
  if (!served.unknown.empty()) co_return "what is in it is not known: " + served.unknown.front();
  for (const kube::Resource& kind : served.listable) {
    if (is_one_of(kind.plural, settings)) continue;
    const kube::Collection collection(kind, name);
    std::string why = co_await what_holds(client, collection, is_ours);
    if (!why.empty()) co_return why;
  }
  co_return std::string();
}

}  // namespace k8scale::load
