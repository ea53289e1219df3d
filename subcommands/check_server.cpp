#include "check_server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include "k8scale/kube/tls_advice.h"

namespace k8scale::subcommands {
namespace {

using base::FailureKind;
using Json = nlohmann::json;

constexpr rlim_t enough_files = 8'192;

bool is_about_reaching(FailureKind kind) {
  return kind == FailureKind::resolve || kind == FailureKind::connect || kind == FailureKind::timeout;
}

std::string reaching_remedy(const kube::Configuration& configuration, const base::Failure& failure) {
  const FailureKind kind = failure.kind();
  const bool of_proxy = failure.peer() == base::Peer::proxy;
  const std::string in = fmt::format("the {}'s URL in {}", of_proxy ? "proxy" : "server",
                                     of_proxy ? configuration.proxy_origin : configuration.server_source);
  if (kind == FailureKind::resolve) return fmt::format("check the host's name in {}, and DNS", in);
  if (kind == FailureKind::connect)
    return fmt::format("check {}, and that the {} runs", in, of_proxy ? "proxy" : "server");
  return fmt::format("check {}, the network and firewalls on the way", in);
}

std::string tls_text(const kube::Configuration& configuration) {
  const std::string ca = configuration.ca.pem.empty() ? "what this system trusts" : configuration.ca.origin;
  return fmt::format("the server's certificate is verified by {}", ca);
}

void add_tls(CheckReport& report, const kube::Configuration& configuration) {
  if (!configuration.server.tls) {
    report.add("TLS", Verdict::warning, "plain http: anybody on the way reads and writes along",
               "use the https URL of the server");
  } else if (!configuration.verify_server) {
    report.add("TLS", Verdict::warning,
               "insecure-skip-tls-verify: any server would be taken for the right one",
               "replace insecure-skip-tls-verify by certificate-authority");
  } else {
    report.add("TLS", Verdict::ok, tls_text(configuration));
  }
}

// Of what failed before an answer came.
void add_failure(CheckReport& report, const kube::Configuration& configuration, const kube::Client& client,
                 const base::Failure& failure) {
  if (is_about_reaching(failure.kind()) || failure.peer() == base::Peer::proxy) {
    report.add("reachable", Verdict::failed, client.server() + ": " + failure.message(),
               reaching_remedy(configuration, failure));
    return;
  }
  report.add("reachable", Verdict::ok, client.server());
  if (failure.kind() == FailureKind::tls) {
    report.add("TLS", Verdict::failed, failure.detail(), kube::tls_advice(configuration, failure.detail()));
    return;
  }
  report.add("API server", Verdict::failed, failure.message(),
             "check the server's URL: expected a Kubernetes API server there");
}

// Of what answered "/version".
bool add_version(CheckReport& report, const kube::Answer& answer) {
  const Json version = Json::parse(answer.body, nullptr, false);
  if (version.is_object() && version.contains("gitVersion") && version["gitVersion"].is_string()) {
    report.server_version = version["gitVersion"].get<std::string>();
    report.add("API server", Verdict::ok, report.server_version);
    return true;
  }
  if (answer.http_status == 401 || answer.http_status == 403) return true;  // some hide it from strangers
  report.add("API server", Verdict::failed,
             fmt::format("/version answered {} without a gitVersion", answer.http_status),
             "check the server's URL: expected a Kubernetes API server there");
  return false;
}

std::string user_of(const kube::Answer& answer) {
  const Json review = Json::parse(answer.body, nullptr, false);
  const Json::json_pointer place("/status/userInfo/username");
  return review.is_object() && review.contains(place) && review[place].is_string()
             ? review[place].get<std::string>()
             : "";
}

bool refuse_credentials(CheckReport& report, const kube::Configuration& configuration, std::string found) {
  report.add(
      "credentials", Verdict::failed, std::move(found),
      fmt::format("check the user in {}: its token or certificate is wrong, has expired, or is that of "
                  "another cluster",
                  configuration.source));
  return false;
}

// Servers before 1.28 do not say who we are.
bool add_user(CheckReport& report, const kube::Configuration& configuration, net::Shard& shard,
              kube::Client& client) {
  const kube::Collection reviews(
      {"authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false}, "");
  std::string question = R"({"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"})";
  const kube::AttemptObserver nobody;
  const kube::Answer answer = shard.run(client.create(reviews, "", std::move(question), "", nobody));
  if (answer.http_status == 401) return refuse_credentials(report, configuration, answer.error());
  report.user = user_of(answer);
  // Everybody who is somebody may ask this.
  const bool nobody_known =
      answer.http_status == 403 && answer.error().find("\"system:anonymous\"") != std::string::npos;
  if (nobody_known || report.user == "system:anonymous") {
    return refuse_credentials(report, configuration, "none: the server takes us for system:anonymous");
  }
  if (answer.failure) {
    report.add("credentials", Verdict::failed, answer.error(), "try again: the connection broke");
    return false;
  }
  if (report.user.empty()) {
    report.add("credentials", Verdict::warning,
               "accepted, but the server does not say whose: " + answer.error());
    return true;
  }
  report.add("credentials", Verdict::ok, "user " + report.user);
  return true;
}

}  // namespace

bool check_server(CheckReport& report, const kube::Configuration& configuration, net::Shard& shard,
                  kube::Client& client) {
  const kube::Answer answer = shard.run(client.get_path("/version"));
  if (answer.failure) {
    add_failure(report, configuration, client, *answer.failure);
    return false;
  }
  report.add("reachable", Verdict::ok, client.server());
  add_tls(report, configuration);
  return add_version(report, answer) && add_user(report, configuration, shard, client);
}

void check_file_limit(CheckReport& report) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const bool enough = limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= enough_files;
  const std::string most = limit.rlim_max == RLIM_INFINITY ? "any number of" : std::to_string(limit.rlim_max);
  report.add("open files", enough ? Verdict::ok : Verdict::warning,
             fmt::format("this process may have {} open; each connection and each watch is one", most),
             enough ? ""
                    : fmt::format("raise the hard limit to {} or more: ulimit -Hn, LimitNOFILE= or the "
                                  "container runtime's",
                                  enough_files));
}

}  // namespace k8scale::subcommands
