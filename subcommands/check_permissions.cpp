#include "check_permissions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "discover.h"
#include "driver_namespace.h"
#include "k8scale/base/error.h"

namespace k8scale::subcommands {
namespace {

using Json = nlohmann::json;

std::string qualified(const kube::Resource& resource) { return kube::Collection(resource, "").qualified(); }

std::string where(const Need& need) {
  return need.namespace_name.empty() ? "all namespaces" : "namespace " + need.namespace_name;
}

std::string object_of(const Need& need) {
  return qualified(need.resource) + (need.name.empty() ? "" : "/" + need.name);
}

std::string describe(const Need& need, const std::vector<std::string>& verbs) {
  return fmt::format("{} {} in {}", fmt::join(verbs, ", "), object_of(need), where(need));
}

std::string review_text(const Need& need, const std::string& verb) {
  const Json attributes = {{"verb", verb},
                           {"group", need.resource.group},
                           {"resource", need.resource.plural},
                           {"namespace", need.namespace_name},
                           {"name", need.name}};
  return Json{{"kind", "SelfSubjectAccessReview"},
              {"apiVersion", "authorization.k8s.io/v1"},
              {"spec", {{"resourceAttributes", attributes}}}}
      .dump();
}

// "--serviceaccount=NAMESPACE:NAME" or "--user=NAME", as kubectl wants to hear it.
std::string subject_of(const std::string& user) {
  constexpr std::string_view account = "system:serviceaccount:";
  if (user.starts_with(account)) return "--serviceaccount=" + user.substr(account.size());
  return "--user=" + (user.empty() ? "NAME" : user);
}

// No two needs of a subcommand have the same.
std::string role_of(std::string_view subcommand, const Need& need) {
  const std::string_view only_for(need.only_for);
  const std::size_t word = std::min(only_for.find_first_not_of('-'), only_for.size());
  return fmt::format("k8scale-{}-{}{}{}", subcommand, need.resource.plural, only_for.empty() ? "" : "-",
                     only_for.substr(word));
}

std::string grant_command(const std::string& role, const Need& need, const std::string& subject) {
  const bool everywhere = need.namespace_name.empty();
  const std::string kind = everywhere ? "clusterrole" : "role";
  const std::string place = everywhere ? "" : " -n " + need.namespace_name;
  const std::string name = need.name.empty() ? "" : " --resource-name=" + need.name;
  return fmt::format(
      "kubectl create {0} {1}{2} --verb={3} --resource={4}{5} && kubectl create {0}binding {1}{2} --{0}={1} "
      "{6}",
      kind, role, place, fmt::join(need.verbs, ","), qualified(need.resource), name, subject);
}

}  // namespace

void PermissionCheck::check_namespace() {
  const kube::AttemptObserver nobody;
  const kube::Answer found =
      shard_.run(client_.get({kube::namespaces(), ""}, std::string(namespace_name), nobody));
  if (found.ok()) {
    report_.add("namespace", Verdict::ok, fmt::format("{} is there", namespace_name));
  } else if (found.not_found()) {
    report_.add("namespace", Verdict::failed, fmt::format("there is no {}", namespace_name),
                fmt::format("kubectl create namespace {}", namespace_name));
  } else if (found.http_status == 403) {
    report_.add("namespace", Verdict::skipped,
                fmt::format("who may not look cannot tell whether {} is there", namespace_name));
  } else {
    report_.add("namespace", Verdict::failed, found.error(), "try again");
  }
}

bool PermissionCheck::serves(const kube::Resource& resource) {
  const std::string name = resource.root() + "/" + resource.plural;
  const auto known = served_.find(name);
  if (known != served_.end()) return known->second;
  const bool there = discover(shard_, client_, resource.group, resource.version, resource.plural).has_value();
  served_[name] = there;
  return there;
}

bool PermissionCheck::grants(const Need& need, const std::string& verb) {
  const std::string question = review_text(need, verb);
  const auto known = granted_.find(question);
  if (known != granted_.end()) return known->second;
  const kube::Collection reviews(
      {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false}, "");
  const kube::AttemptObserver nobody;
  const kube::Answer answer = shard_.run(client_.create(reviews, "", question, "", nobody));
  if (!answer.ok()) throw base::Error("SelfSubjectAccessReview: " + answer.error());
  const Json review = Json::parse(answer.body, nullptr, false);
  const Json::json_pointer allowed("/status/allowed");
  const bool granted = review.is_object() && review.contains(allowed) && review[allowed] == true;
  granted_[question] = granted;
  return granted;
}

std::vector<std::string> PermissionCheck::refused(const Need& need) {
  std::vector<std::string> verbs;
  for (const std::string& verb : need.verbs) {
    if (!grants(need, verb)) verbs.push_back(verb);
  }
  return verbs;
}

std::vector<PermissionCheck::Use> PermissionCheck::uses_of(std::string_view subcommand,
                                                           const std::vector<Need>& needs) {
  std::vector<Use> uses;
  for (const Need& need : needs) {
    auto same = std::ranges::find(uses, need.only_for, &Use::only_for);
    if (same == uses.end()) {
      same = uses.insert(uses.end(), Use{std::string(subcommand), need.only_for, {}});
    }
    same->needs.push_back(need);
  }
  return uses;
}

std::optional<kube::Resource> PermissionCheck::missing(const Use& use) {
  for (const Need& need : use.needs) {
    if (need.absence == Absence::lacking && !serves(need.resource)) return need.resource;
  }
  return std::nullopt;
}

Finding PermissionCheck::look(const Use& use) {
  std::vector<std::string> has, lacks, commands;
  for (const Need& need : use.needs) {
    if (!serves(need.resource)) continue;
    const std::vector<std::string> verbs = refused(need);
    if (verbs.empty()) {
      has.push_back(describe(need, need.verbs));
    } else {
      lacks.push_back(describe(need, verbs));
      commands.push_back(grant_command(role_of(use.subcommand, need), need, subject_of(report_.user)));
    }
  }
  if (lacks.empty()) return {use.name(), Verdict::ok, fmt::format("may {}", fmt::join(has, "; ")), ""};
  return {use.name(), use.is_for_flag() ? Verdict::warning : Verdict::failed,
          fmt::format("may not {}", fmt::join(lacks, "; ")), fmt::format("{}", fmt::join(commands, " && "))};
}

void PermissionCheck::check(std::string_view subcommand, const std::vector<Need>& needs, bool named) {
  const std::vector<Use> uses = uses_of(subcommand, needs);
  for (const Use& use : uses) {
    if (const auto resource = missing(use)) {
      const Verdict verdict = use.is_for_flag() ? Verdict::warning : Verdict::failed;
      report_.add(use.name(), named ? verdict : Verdict::skipped,
                  fmt::format("the server has no {}", qualified(*resource)),
                  named ? fmt::format("install what serves {}", resource->api_version()) : "");
      if (!use.is_for_flag()) return;
      continue;
    }
    Finding found = look(use);
    const bool goes_without_saying =
        found.verdict == Verdict::ok && use.is_for_flag() && !named && uses.size() > 1;
    if (!goes_without_saying) report_.findings.push_back(std::move(found));
  }
}

}  // namespace k8scale::subcommands
