#include "httperf_flags.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "debug_from.h"
#include "flag_range.h"
#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/text.h"
#include "k8scale/net/certificate.h"
#include "k8scale/net/own_address.h"

namespace k8scale::subcommands {
namespace {

constexpr std::uint64_t most_threads = 1'000'000;
constexpr std::uint64_t most_io_threads = 256;
constexpr std::uint64_t most_bytes = std::numeric_limits<std::int64_t>::max();
constexpr double longest_period = 1e6;  // seconds

void check_not_negative(const char* flag, base::Nanoseconds value) {
  if (value >= base::Nanoseconds(0)) return;
  throw base::Error(fmt::format("{}: found {}ns, expected 0 or more", flag, value.count()));
}

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

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

// What stands in TMPDIR, as mktemp(1) understands it.
std::filesystem::path temporary_folder() {
  const char* folder = std::getenv("TMPDIR");
  return folder == nullptr || *folder == '\0' ? "/tmp" : folder;
}

net::Task<net::Response> answer_other(const net::ServerRequest& request, profile::Askers askers) {
  net::Response response;
  if (profile::is_profile_path(net::split_target(request.target).first)) {
    response = co_await profile::answer(request, askers);
  } else {
    response.status = 404;
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.body = "expected /blocks, /stats or /debug/pprof\n";
  }
  co_return response;
}

}  // namespace

void HttperfFlags::declare(CLI::App& app) {
  base::add_value(app, "--listen", listen, "port or host:port to serve on; port 0 for any");
  base::add_value(app, "--base-url", base_url, "URL of a server to ask; without it this is a server only");
  base::add_value(app, "--connections", connections, "connections to the server");
  base::add_value(app, "--block-size", block_size, "bytes of a block");
  base::add_value(app, "--period", period,
                  "seconds between blocks, to the millisecond; 0 for as fast as it goes");
  base::add_value(app, "--blocks-per-request", blocks_per_request,
                  "N: each request asks for N blocks, and 0 to N-1 more at random");
  base::add_value(app, "--threads", threads, "that ask; thread t uses connection t mod connections");
  base::add_duration(app, "--log-period", log_period, "time between interval reports (-v=2, --json-stream)");
  base::add_duration(app, "--duration", duration, "ask for so long; 0 for until a signal");
  base::add_value(app, "--requests", requests,
                  "end after so many requests, failed ones among them; 0 for any number");
  base::add_duration(app, "--warmup", warmup, "ask for so long before the measurement begins");
  base::add_bool(app, "--pipeline", pipeline,
                 "threads of one connection do not wait for each other's answers");
  base::add_value(app, "--seed", seed, "seed of the numbers of blocks; 0 for one from the clock");
  base::add_value(app, "--io-threads", io_threads, "threads that serve, and as many that ask");
  base::add_bool(app, "--plain", plain, "no TLS on either side");
  base::add_value(app, "--cert", certificate,
                  "PEM file of the server's certificate; without it, one made for this host")
      ->type_name("FILE");
  base::add_value(app, "--key", key, "PEM file of its private key; without it, the file of --cert")
      ->type_name("FILE");
  base::add_value(app, "--ca", ca,
                  "PEM file of certificates that the asked server is verified by; without it, it is not")
      ->type_name("FILE");
  base::add_value(app, "--tls-max", highest_tls, "highest version of TLS")->type_name("1.2|1.3");
  base::add_value(app, "--ciphers", ciphers,
                  "OpenSSL's names, best first, with colons between them; empty for its own choice");
  base::add_bool(app, "--resume", resume, "connections that are opened again resume their TLS session");
  base::add_value(app, "--max-block", max_block, "largest block that is served, bytes");
  base::add_value(app, "--max-connections", max_connections,
                  "connections that are served at a time, 503 beyond");
  base::add_bool(app, "--json", json, "print the result as JSON");
  base::add_bool(app, "--json-stream", json_stream,
                 "print a line of JSON for each interval, and one at the end");
  add_debug_from(app, debug_from);
  base::add_value(app, "-v", verbosity,
                  "verbosity of the log: 2 intervals, 3 requests, 4 their URLs, 5 blocks");
  app.footer(
      "Exit codes: 0 it came to its end; 1 a flag, a port or file that cannot be used, or a request that "
      "failed;\n"
      "130 SIGINT; 143 SIGTERM.");
}

void HttperfFlags::check() const {
  check_range("-connections", connections, 1, most_threads);
  check_range("-threads", threads, 1, most_threads);
  check_range("--io-threads", io_threads, 1, most_io_threads);
  check_range("-block-size", block_size, 1, most_bytes);
  check_range("--max-block", max_block, 1, most_bytes);
  check_range("--max-connections", max_connections, 1, most_threads);
  check_range("-blocks-per-request", blocks_per_request, 1, most_bytes / 2 / block_size);
  const bool in_range = period >= 0 && period <= longest_period;  // false for NaN
  if (!in_range || (period > 0 && milliseconds_of(period).count() == 0)) {
    throw base::Error(
        fmt::format("-period: found {}, expected 0, or 0.001 to {} seconds", period, longest_period));
  }
  check_not_negative("--duration", duration);
  check_not_negative("--warmup", warmup);
  if (log_period <= base::Nanoseconds(0)) {
    throw base::Error(fmt::format("-log-period: found {}ns, expected more than 0", log_period.count()));
  }
  if (highest_tls != "1.2" && highest_tls != "1.3") {
    throw base::Error(fmt::format("--tls-max: found {}, expected 1.2 or 1.3", base::go_quote(highest_tls)));
  }
  if (certificate.empty() && !key.empty()) throw base::Error("--key: found without --cert");
}

nlohmann::ordered_json HttperfFlags::parameters() const {
  return {{"connections", connections},
          {"threads", threads},
          {"block-size", block_size},
          {"period", period},
          {"blocks-per-request", blocks_per_request},
          {"duration", duration.count()},
          {"requests", requests},
          {"warmup", warmup.count()},
          {"pipeline", pipeline},
          {"seed", seed},
          {"io-threads", io_threads},
          {"plain", plain},
          {"tls-max", highest_tls},
          {"ciphers", ciphers},
          {"resume", resume},
          {"max-block", max_block},
          {"max-connections", max_connections}};
}

std::shared_ptr<net::KeyLog> HttperfFlags::open_key_log(std::uint16_t port) const {
  if (plain) return nullptr;
  std::vector<std::filesystem::path> files = {temporary_folder() / fmt::format("{}.keys", port)};
  const char* another = std::getenv("SSLKEYLOGFILE");
  if (another != nullptr && *another != '\0') files.emplace_back(another);
  auto log = net::KeyLog::open(files);
  if (log.has_error()) throw base::Error("cannot write TLS keys: " + log.error().detail());
  return *log;
}

net::TlsChoices HttperfFlags::choices(const std::shared_ptr<net::KeyLog>& keys) const {
  const auto highest = highest_tls == "1.2" ? net::TlsVersion::tls_1_2 : net::TlsVersion::tls_1_3;
  return {highest, ciphers, keys};
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
  options.other = [askers = askers_of(debug_from)](const net::ServerRequest& request) {
    return answer_other(request, askers);
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
  if (server.has_error()) throw base::Error(server.error().detail());
  return *server;
}

blocks::ClientOptions HttperfFlags::client_options(const std::shared_ptr<net::KeyLog>& keys) const {
  const bool with_scheme = base_url.find("://") != std::string::npos;
  const auto url = net::parse_url(with_scheme || !plain ? base_url : "http://" + base_url);
  if (url.has_error()) throw base::Error("-base-url: " + url.error().detail());
  if (!url->query.empty()) throw base::Error("-base-url: found a query, expected none");
  if (plain && url->endpoint.tls)
    throw base::Error("-base-url: found https://, expected http:// with --plain");
  blocks::ClientOptions options;
  options.server = url->endpoint;
  options.path_prefix = url->path;
  options.connections = connections;
  options.threads = threads;
  options.io_threads = std::min(io_threads, connections);
  options.block_size = block_size;
  options.blocks_per_request = blocks_per_request;
  options.period = milliseconds_of(period);
  options.sharing = pipeline ? blocks::Sharing::pipelined : blocks::Sharing::in_turn;
  options.requests = requests;
  options.seed = seed;
  if (!url->endpoint.tls) return options;
  net::TlsClientOptions tls;
  tls.ca_pem = file_or_empty("--ca", ca);
  tls.verify = !ca.empty();
  tls.resume = resume;
  tls.choices = choices(keys);
  auto client = net::TlsClient::make(tls);
  if (client.has_error()) throw base::Error(client.error().detail());
  options.tls = *client;
  return options;
}

}  // namespace k8scale::subcommands
