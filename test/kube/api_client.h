#pragma once
#include <memory>
#include <string>
#include <vector>

#include "k8scale/kube/client.h"
#include "net/fake_server.h"
#include "net/pool_client.h"

namespace k8scale::kube {

/// What an observer saw of one attempt.
struct SeenAttempt {
  int number = 0;
  bool last = false;
  base::SteadyTime due;
  base::SteadyTime sent;
  base::SteadyTime done;
  int http_status = 0;
  bool failed = false;
  bool reused = false;
  std::string reason;  ///< of the Status
  std::string audit_id;
};

/// A fake API server and a client of it, which records its attempts.
class ApiClient {
 public:
  explicit ApiClient(std::vector<net::fake::Script> scripts, Configuration configuration = {},
                     ClientOptions options = {}, std::shared_ptr<net::TlsServer> tls = nullptr)
      : server(std::move(scripts), std::move(tls)),
        credentials(Credentials::load(with_server(configuration))),
        client(shard, configuration, credentials, std::move(options)) {}

  Answer get(const std::string& name = "a") { return shard.run(client.get(maps, name, observer)); }
  Answer create(const std::string& name = "a", const std::string& body = "{}") {
    return shard.run(client.create(maps, name, body, "", observer));
  }
  /// Heads and bodies of the requests, as they came.
  std::vector<std::string> requests() const { return server.requests(); }

  const Collection maps{config_maps(), "ns"};
  std::vector<SeenAttempt> attempts;
  const AttemptObserver observer = [this](const Attempt& attempt) { attempts.push_back(seen(attempt)); };
  net::fake::Server server;
  std::shared_ptr<Credentials> credentials;
  net::Shard shard{"client"};
  Client client;

 private:
  Configuration& with_server(Configuration& configuration) const {
    configuration.server = server.endpoint();
    if (configuration.server.tls && configuration.ca.pem.empty()) {
      configuration.ca = {net::fake::tls_pair().authority.certificate_pem, "ca"};
    }
    return configuration;
  }
  static SeenAttempt seen(const Attempt& attempt) {
    const net::Exchange& exchange = attempt.exchange;
    SeenAttempt copy;
    copy.number = attempt.number;
    copy.last = attempt.last;
    copy.due = attempt.due;
    copy.sent = exchange.timing.sent;
    copy.done = exchange.timing.done;
    copy.http_status = exchange.response.status;
    copy.failed = exchange.failure.has_value();
    copy.reused = exchange.reused_connection;
    if (attempt.status != nullptr) copy.reason = attempt.status->reason;
    copy.audit_id = exchange.response.headers.find("Audit-Id").value_or("");
    return copy;
  }

  net::StopFirst stop_first_{shard};
};

}  // namespace k8scale::kube
