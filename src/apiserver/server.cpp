#include "k8scale/apiserver/server.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <random>
#include <set>

#include "first_objects.h"
#include "handler.h"
#include "identity.h"
#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/base/text.h"
#include "k8scale/net/server.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/tls.h"
#include "k8scale/net/url.h"
#include "request_log.h"
#include "validation.h"

namespace k8scale::apiserver {
namespace {

template <class T>
T checked(base::Result<T> result, std::string_view what) {
  if (result.has_error()) throw base::Error(fmt::format("{}: {}", what, result.error().detail()));
  return std::move(*result);
}

std::uint64_t seed_or_random(std::uint64_t seed) {
  if (seed != 0) return seed;
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

// Where a client on this machine reaches the server.
std::string reachable(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  return address == "::" ? "::1" : address;
}

Core make_core(const Config& config, std::uint64_t seed) {
  ResourceTable table(config.resources);
  const std::size_t resources = table.all().size();
  EventWindow window;
  if (config.watch_window > 0) window = {config.watch_window, SIZE_MAX};
  return {std::move(table), Schema(), Store(resources, window), base::Random(seed, "objects"),
          std::chrono::system_clock::now};
}

// A rule about a resource that nobody serves would never hit.
void check_faults(const std::vector<Fault>& faults, const ResourceTable& table) {
  std::set<std::string_view> known;
  for (const ResourceInfo& each : table.all()) known.insert(each.plural);
  for (const Fault& fault : faults) {
    if (fault.resource.empty() || known.contains(fault.resource)) continue;
    throw base::Error(fmt::format("--fault: found resource={} in {}, expected one of {}", fault.resource,
                                  base::go_quote(fault.text), fmt::join(known, ", ")));
  }
}

// "ConfigMap": letters and digits, a capital in front.
bool is_kind(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.front() >= 'A' && text.front() <= 'Z' &&
         std::all_of(text.begin(), text.end(), is_plain);
}

}  // namespace

kube::Resource parse_resource(const std::string& text) {
  const auto wrong = [&] {
    return base::Error(
        fmt::format("--resource: found {}, expected group/version/plural=Kind, of letters and digits as "
                    "example.com/v1/widgets=Widget",
                    base::go_quote(text)));
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals + 1 == text.size()) throw wrong();
  std::vector<std::string> parts = base::split(text.substr(0, equals), '/');
  if (parts.size() == 2) parts.insert(parts.begin(), "");
  const std::string kind = text.substr(equals + 1);
  const bool named_well = parts.size() == 3 && (parts[0].empty() || subdomain_fault(parts[0]).empty()) &&
                          dns_label_fault(parts[1]).empty() && dns_label_fault(parts[2]).empty() &&
                          is_kind(kind);
  if (!named_well) throw wrong();
  return {parts[0], parts[1], parts[2], kind, true};
}

std::string parse_namespace(const std::string& text) {
  if (dns_label_fault(text).empty()) return text;
  throw base::Error(
      fmt::format("--namespace: found {}, expected 1 to 63 lower-case letters, digits and \"-\", the latter "
                  "not at an end",
                  base::go_quote(text)));
}

struct EmbeddedServer::State {
  Identity identity;
  net::Endpoint endpoint;
  Core core;
  decltype(Config::beside) beside;
  bool logs_requests;
  net::Shard shard{"apiserver"};
  std::unique_ptr<ApiHandler> handler;
  std::unique_ptr<net::Server> server;

  State(const Config& config, std::uint64_t seed)
      : identity(config.identity.empty() ? make_identity() : open_identity(config.identity)),
        core(make_core(config, seed)),
        beside(config.beside),
        logs_requests(config.log_requests) {}

  net::Task<void> handle(const net::ServerRequest& request, net::Responder& responder);
  net::Task<void> pass_on(const net::ServerRequest& request, net::Responder& responder);
  net::Task<void> pass_on_and_log(const net::ServerRequest& request, net::Responder& responder);
  net::Task<void> stop(base::Nanoseconds grace);
  net::Task<std::vector<measure::FaultCount>> fault_counts() const;
  net::Task<base::Result<void>> listen(Config config, std::uint64_t seed, net::ServerOptions options);
};

EmbeddedServer::EmbeddedServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

EmbeddedServer::~EmbeddedServer() { stop(base::Nanoseconds(0)); }

net::Task<void> EmbeddedServer::State::handle(const net::ServerRequest& request, net::Responder& responder) {
  return logs_requests ? pass_on_and_log(request, responder) : pass_on(request, responder);
}

net::Task<void> EmbeddedServer::State::pass_on_and_log(const net::ServerRequest& request,
                                                       net::Responder& responder) {
  LoggedResponder logged(responder);
  const base::SteadyTime start = std::chrono::steady_clock::now();
  co_await pass_on(request, logged);
  const base::Nanoseconds duration = std::chrono::steady_clock::now() - start;
  base::log_info(logged.line(request) + " in " + base::format_duration(duration));
}

net::Task<void> EmbeddedServer::State::pass_on(const net::ServerRequest& request, net::Responder& responder) {
  std::optional<net::Task<void>> other = beside ? beside(request, responder) : std::nullopt;
  return other ? std::move(*other) : handler->handle(request, responder);
}

// Runs on the shard, so that no request is handled before all is in place.
net::Task<base::Result<void>> EmbeddedServer::State::listen(Config config, std::uint64_t seed,
                                                            net::ServerOptions options) {
  auto listening = net::Server::listen(shard, std::move(options),
                                       [this](const net::ServerRequest& request, net::Responder& responder) {
                                         return handle(request, responder);
                                       });
  if (listening.has_error()) co_return listening.error();
  server = std::move(*listening);
  endpoint = {reachable(config.address), server->port(), true};
  put_first_objects(core, endpoint.host, endpoint.port, config.namespaces);
  ApiHandler::Options handling{identity.token, endpoint.authority(), config.max_in_flight,
                               std::move(config.faults)};
  handler = std::make_unique<ApiHandler>(shard, core, std::move(handling), base::Random(seed, "faults"));
  co_return base::Result<void>();
}

net::Task<void> EmbeddedServer::State::stop(base::Nanoseconds grace) {
  handler->stop();
  co_await server->stop(grace);
}

std::unique_ptr<EmbeddedServer> EmbeddedServer::start(Config config) {
  const std::uint64_t seed = seed_or_random(config.seed);
  auto state = std::make_unique<State>(config, seed);
  check_faults(config.faults, state->core.table);
  net::ServerOptions options;
  options.address = config.address;
  options.port = config.port;
  const net::CertificateAndKey& authority = state->identity.authority;
  const net::TlsServerOptions tls{issue_server_certificate(authority, config.address),
                                  authority.certificate_pem};
  options.tls = checked(net::TlsServer::make(tls), "TLS");
  options.refusal = [limit = options.body_limit](int status, std::string_view reason) {
    return transport_refusal(status, reason, limit);
  };
  const base::Result<void> listening =
      state->shard.run(state->listen(std::move(config), seed, std::move(options)));
  if (listening.has_error()) throw ListenError(listening.error().detail());
  return std::unique_ptr<EmbeddedServer>(new EmbeddedServer(std::move(state)));
}

std::string EmbeddedServer::url() const { return state_->endpoint.url(); }
std::uint16_t EmbeddedServer::port() const { return state_->endpoint.port; }
const std::string& EmbeddedServer::ca_pem() const { return state_->identity.authority.certificate_pem; }
const std::string& EmbeddedServer::token() const { return state_->identity.token; }
const net::CertificateAndKey& EmbeddedServer::client_certificate() const {
  return state_->identity.administrator;
}
base::Nanoseconds EmbeddedServer::cpu_time() const { return state_->shard.cpu_time(); }

std::string EmbeddedServer::kubeconfig() const {
  const Identity& identity = state_->identity;
  return fmt::format(
      "apiVersion: v1\n"
      "kind: Config\n"
      "clusters:\n"
      "- name: k8scale\n"
      "  cluster:\n"
      "    server: {}\n"
      "    certificate-authority-data: {}\n"
      "users:\n"
      "- name: admin\n"
      "  user:\n"
      "    token: {}\n"
      "    client-certificate-data: {}\n"
      "    client-key-data: {}\n"
      "contexts:\n"
      "- name: k8scale\n"
      "  context:\n"
      "    cluster: k8scale\n"
      "    user: admin\n"
      "current-context: k8scale\n",
      url(), base::base64_encode(ca_pem()), identity.token,
      base::base64_encode(identity.administrator.certificate_pem),
      base::base64_encode(identity.administrator.key_pem));
}

void EmbeddedServer::stop(base::Nanoseconds grace) {
  if (!state_->server) return;
  state_->shard.run(state_->stop(grace));
  state_->server.reset();
  state_->shard.stop();
  for (const measure::FaultCount& each : state_->handler->fault_counts()) {
    base::log_info(measure::text_of(each));
  }
}

net::Task<std::vector<measure::FaultCount>> EmbeddedServer::State::fault_counts() const {
  co_return handler->fault_counts();
}

// The table does not change, so that any thread may look.
bool EmbeddedServer::has_protobuf(const kube::Resource& resource) const {
  const ResourceInfo* found = state_->core.table.find(resource.group, resource.version, resource.plural);
  return found != nullptr && found->has_protobuf();
}

std::vector<measure::FaultCount> EmbeddedServer::fault_counts() const {
  return state_->server ? state_->shard.run(state_->fault_counts()) : state_->handler->fault_counts();
}

}  // namespace k8scale::apiserver
