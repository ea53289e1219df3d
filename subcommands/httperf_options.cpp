// What the flags of httperf become.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "debug_from.h"
#include "httperf_flags.h"
#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/net/certificate.h"
#include "k8scale/net/own_address.h"

namespace k8scale::subcommands {
namespace {

std::string file_or_empty(const char* flag, const std::string& path) {
  if (path.empty()) return {};
  auto content = base::read_file(path);
  if (content.has_error()) throw base::Error(std::string(flag) + ": " + content.error().detail());
  return *content;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

net::CertificateAndKey own_certificate() {
  net::CertificateRequest request;
  request.common_name = "localhost";
  request.dns_names = {"localhost"};
  const std::string name = host_name();
  if (!name.empty() && name != "localhost") request.dns_names.push_back(name);
  request.ip_addresses = net::own_addresses();
  auto made = net::make_self_signed(request);
  if (made.has_error()) throw base::Error(made.error().message());
  return *made;
}

// What stands in TMPDIR, as mktemp(1) understands it.
std::filesystem::path temporary_folder() {
  const char* folder = std::getenv("TMPDIR");
  return folder == nullptr || *folder == '\0' ? "/tmp" : folder;
}

// `advice` is how to have another file.
void add(net::KeyLog& keys, const net::KeyLogFile& file, const char* advice) {
  const base::Result<void> added = keys.add(file);
  if (!added.has_error()) return;
  throw base::Error(fmt::format("cannot write TLS keys: {}; {}", added.error().detail(), advice));
}

net::Task<net::Response> answer_other(const net::ServerRequest& request, profile::Askers askers,
                                      net::Signal& gone) {
  net::Response response;
  if (profile::is_profile_path(net::split_target(request.target).first)) {
    response = co_await profile::answer(request, askers, gone);
  } else {
    response.status = 404;
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.body = "expected /blocks, /stats or /debug/pprof\n";
  }
  co_return response;
}

}  // namespace

std::shared_ptr<net::KeyLog> HttperfFlags::open_key_log(std::uint16_t port) const {
  if (plain) return nullptr;
  using ChosenBy = net::KeyLogFile::ChosenBy;
  auto keys = std::make_shared<net::KeyLog>();
  add(*keys, {temporary_folder() / fmt::format("{}.keys", port), ChosenBy::program},
      "$TMPDIR names another folder");
  const char* another = std::getenv("SSLKEYLOGFILE");
  if (another != nullptr && *another != '\0') {
    add(*keys, {another, ChosenBy::user}, "$SSLKEYLOGFILE names it");
  }
  return keys;
}

blocks::ServerOptions HttperfFlags::server_options() const {
  const auto endpoint = net::parse_host_port(listen, net::any_address);
  if (endpoint.has_error()) throw base::Error("-listen: " + endpoint.error().detail());
  blocks::ServerOptions options;
  options.address = endpoint->host;
  options.port = endpoint->port;
  options.threads = io_threads;
  options.largest_block = max_block;
  options.most_connections = max_connections;
  options.other = [askers = askers_of(debug_from)](const net::ServerRequest& request, net::Signal& gone) {
    return answer_other(request, askers, gone);
  };
  return options;
}

std::shared_ptr<net::TlsServer> HttperfFlags::tls_server(const std::shared_ptr<net::KeyLog>& keys) const {
  if (plain) return nullptr;
  net::TlsServerOptions options;
  options.choices = choices(keys);
  if (certificate.empty()) {
    options.identity = own_certificate();
  } else {
    options.identity.certificate_pem = file_or_empty("--cert", certificate);
    options.identity.key_pem = key.empty() ? options.identity.certificate_pem : file_or_empty("--key", key);
  }
  auto server = net::TlsServer::make(options);
  if (server.has_error()) throw base::Error("--cert, --key: " + server.error().detail());
  return *server;
}

net::Url HttperfFlags::asked_url() const {
  const bool with_scheme = base_url.find("://") != std::string::npos;
  const auto url = net::parse_url(with_scheme || !plain ? base_url : "http://" + base_url);
  if (url.has_error()) throw base::Error("-base-url: " + url.error().detail());
  if (!url->query.empty()) throw base::Error("-base-url: found a query, expected none");
  if (plain && url->endpoint.tls)
    throw base::Error("-base-url: found https://, expected http:// with --plain");
  return *url;
}

std::string HttperfFlags::url_on(std::uint16_t port) const {
  const auto listening = net::parse_host_port(listen, net::any_address);
  const bool anywhere =
      listening.has_error() || listening->host == net::any_address || listening->host == "0.0.0.0";
  return net::Endpoint{anywhere ? "localhost" : listening->host, port, !plain}.url();
}

std::shared_ptr<net::TlsClient> HttperfFlags::tls_client(const std::shared_ptr<net::KeyLog>& keys) const {
  if (!asked_url().endpoint.tls) return nullptr;
  net::TlsClientOptions options;
  options.ca_pem = file_or_empty("--ca", ca);
  options.verify = !ca.empty();
  options.resume = resume;
  options.choices = choices(keys);
  auto client = net::TlsClient::make(options);
  if (client.has_error()) throw base::Error("--ca: " + client.error().detail());
  return *client;
}

blocks::ClientOptions HttperfFlags::client_options(const std::shared_ptr<net::KeyLog>& keys) const {
  const net::Url url = asked_url();
  blocks::ClientOptions options;
  options.server = url.endpoint;
  options.path_prefix = url.path;
  options.tls = tls_client(keys);
  options.connections = connections;
  options.threads = threads;
  options.io_threads = std::min(io_threads, connections);
  options.block_size = block_size;
  options.blocks_per_request = blocks_per_request;
  options.period = std::chrono::milliseconds(std::llround(period * 1000));
  options.sharing = pipeline ? blocks::Sharing::pipelined : blocks::Sharing::in_turn;
  options.requests = requests;
  options.seed = seed;
  return options;
}

}  // namespace k8scale::subcommands
