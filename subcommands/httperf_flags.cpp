#include "httperf_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>

#include "debug_from.h"
#include "flag_range.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/base/text.h"

namespace k8scale::subcommands {
namespace {

constexpr std::uint64_t most_threads = 1'000'000;
constexpr std::uint64_t most_io_threads = 256;
constexpr std::uint64_t most_bytes = std::numeric_limits<std::int64_t>::max();
constexpr double longest_period = 1e6;                                // seconds
constexpr std::uint64_t longest_answer = most_bytes / 2 / 1'000'000;  // ms

void check_not_negative(const char* flag, base::Nanoseconds value) {
  if (value >= base::Nanoseconds(0)) return;
  throw base::Error(fmt::format("{}: found {}, expected 0 or more", flag, base::format_duration(value)));
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

// They have no effect; --seed has always been taken along with those of the old program.
void warn_of_unused(const CLI::App& app) {
  std::vector<std::string> unused;
  for (const std::string flag :
       {"-connections", "-block-size", "-period", "-blocks-per-request", "-threads", "--seed"}) {
    if (app.count(flag.starts_with("--") ? flag : "-" + flag) > 0) unused.push_back(flag);
  }
  if (unused.empty()) return;
  base::log_warning(fmt::format("{} {} -base-url: without it this is a server only", fmt::join(unused, ", "),
                                unused.size() == 1 ? "needs" : "need"));
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
  base::add_value(
      app, "--requests", requests,
      "end after so many requests, failed ones among them, those of the warm-up not; 0 for any number");
  base::add_duration(app, "--warmup", warmup,
                     "ask for so long before the measurement begins, and tell nothing of it");
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
                  "OpenSSL's names, best first, with colons between them; a version of TLS that none is of "
                  "is not used; empty for OpenSSL's choice");
  base::add_bool(app, "--resume", resume, "connections that are opened again resume their TLS session");
  base::add_value(app, "--max-block", max_block, "largest block that is served, bytes");
  base::add_value(
      app, "--max-connections", max_connections,
      "connections that are served at a time; 256 more are told so with 503, those beyond are closed");
  base::add_bool(app, "--json", json, "print the result as JSON");
  base::add_bool(app, "--json-stream", json_stream,
                 "print a line of JSON for each interval, and one at the end");
  add_debug_from(app, debug_from);
  base::add_value(
      app, "-v", verbosity,
      "verbosity of the log: 1 clients that left or failed, 2 intervals, 3 requests, 4 their URLs, 5 blocks");
  app.footer(
      "The keys of all TLS connections are appended to $TMPDIR/PORT.keys (without $TMPDIR: /tmp), where PORT "
      "is that\n"
      "of --listen, and to $SSLKEYLOGFILE as well when that is set; with --plain there are none.\n"
      "Exit codes: 0 it came to its end; 1 a flag, a port or file that cannot be used, or a request that "
      "failed;\n"
      "12 standard output could not be written; 130 SIGINT; 143 SIGTERM.");
}

void HttperfFlags::check(const CLI::App& app) const {
  check_numbers();
  check_tls();
  check_use();
  if (asks()) {
    check_asking();
  } else {
    warn_of_unused(app);
  }
}

void HttperfFlags::check_numbers() const {
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
  const auto step = static_cast<std::uint64_t>(milliseconds_of(period).count());
  if (step > longest_answer / blocks_per_request) {
    throw base::Error(
        fmt::format("-blocks-per-request: found {} blocks every {} s, expected at most 146 years of them",
                    blocks_per_request, period));
  }
  check_not_negative("--duration", duration);
  check_not_negative("--warmup", warmup);
  if (log_period <= base::Nanoseconds(0)) {
    throw base::Error(
        fmt::format("-log-period: found {}, expected more than 0", base::format_duration(log_period)));
  }
}

void HttperfFlags::check_tls() const {
  if (highest_tls != "1.2" && highest_tls != "1.3") {
    throw base::Error(fmt::format("--tls-max: found {}, expected 1.2 or 1.3", base::go_quote(highest_tls)));
  }
  net::TlsClientOptions only_ciphers;
  only_ciphers.verify = false;
  only_ciphers.choices = choices(nullptr);
  const auto chosen = net::TlsClient::make(only_ciphers);
  if (chosen.has_error()) throw base::Error("--ciphers: " + chosen.error().detail());
  if (certificate.empty() && !key.empty()) throw base::Error("--key: found without --cert");
}

// Flags that would say something that then has no effect. Scripts of the old program give its own, and go on
// working.
void HttperfFlags::check_use() const {
  const auto refuse = [](bool given, const char* flag, const char* why) {
    if (given) throw base::Error(fmt::format("{}: found {}", flag, why));
  };
  refuse(json && json_stream, "--json", "with --json-stream");
  if (!asks()) {
    refuse(requests > 0, "--requests", "without -base-url");
    refuse(warmup > base::Nanoseconds(0), "--warmup", "without -base-url");
    refuse(pipeline, "--pipeline", "without -base-url");
    refuse(resume, "--resume", "without -base-url");
    refuse(!ca.empty(), "--ca", "without -base-url");
  }
  if (plain) {
    refuse(!certificate.empty(), "--cert", "with --plain");
    refuse(!ca.empty(), "--ca", "with --plain");
    refuse(!ciphers.empty(), "--ciphers", "with --plain");
    refuse(highest_tls != "1.3", "--tls-max", "with --plain");
    refuse(resume, "--resume", "with --plain");
  }
}

void HttperfFlags::check_asking() const {
  const net::Url url = asked_url();
  if (!url.endpoint.tls && !ca.empty()) throw base::Error("--ca: found with http:// in -base-url");
  if (!url.endpoint.tls && resume) throw base::Error("--resume: found with http:// in -base-url");
  if (!url.user.empty() || !url.password.empty()) {
    base::log_warning("-base-url: the user and password are not sent");
  }
  if (base_url.find('#') != std::string::npos) base::log_warning("-base-url: what follows # is not sent");
  if (connections > threads) {
    base::log_warning(
        fmt::format("-connections {}, -threads {}: {} connection(s) have no thread, and are not opened",
                    connections, threads, connections - threads));
  }
}

nlohmann::ordered_json HttperfFlags::parameters() const {
  return {{"listen", listen},
          {"connections", connections},
          {"threads", threads},
          {"block-size", block_size},
          {"period", period},
          {"blocks-per-request", blocks_per_request},
          {"duration", duration.count()},
          {"log-period", log_period.count()},
          {"requests", requests},
          {"warmup", warmup.count()},
          {"pipeline", pipeline},
          {"seed", seed},
          {"io-threads", io_threads},
          {"plain", plain},
          {"cert", certificate},
          {"key", key},
          {"ca", ca},
          {"tls-max", highest_tls},
          {"ciphers", ciphers},
          {"resume", resume},
          {"max-block", max_block},
          {"max-connections", max_connections},
          {"debug-from", debug_from}};
}

net::TlsChoices HttperfFlags::choices(const std::shared_ptr<net::KeyLog>& keys) const {
  const auto highest = highest_tls == "1.2" ? net::TlsVersion::tls_1_2 : net::TlsVersion::tls_1_3;
  return {highest, ciphers, keys};
}

}  // namespace k8scale::subcommands
