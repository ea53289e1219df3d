#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/blocks/client.h"
#include "k8scale/blocks/server.h"
#include "k8scale/net/key_log.h"
#include "k8scale/net/url.h"

namespace k8scale::subcommands {

struct HttperfFlags {
  std::string listen = "8080";
  std::string base_url;
  std::uint64_t connections = 1;
  std::uint64_t block_size = 500;
  double period = 0.01;
  std::uint64_t blocks_per_request = 2001;
  std::uint64_t threads = 1;
  base::Nanoseconds log_period = std::chrono::minutes(1);
  int verbosity = 0;

  base::Nanoseconds duration{0};
  std::uint64_t requests = 0;
  base::Nanoseconds warmup{0};
  bool pipeline = false;
  std::uint64_t seed = 0;
  std::uint64_t io_threads = 1;
  bool plain = false;
  std::string ca, certificate, key;
  std::string highest_tls = "1.3";
  std::string ciphers;
  bool resume = false;
  std::uint64_t max_block = 1ULL << 30U;
  std::uint64_t max_connections = 10'000;
  std::string debug_from = "loopback";
  bool json = false;
  bool json_stream = false;

  void declare(CLI::App& app);
  /// Throws base::Error; warns of what has no effect. The flags were declared to `app`, which has been
  /// parsed.
  void check(const CLI::App& app) const;
  /// By the names of the flags; `seed` is what it became.
  [[nodiscard]] nlohmann::ordered_json parameters() const;

  [[nodiscard]] bool asks() const { return !base_url.empty(); }
  /// Where secrets are written when the server listens on `port`: `$TMPDIR/PORT.keys` and `$SSLKEYLOGFILE`.
  /// Null when nothing is in TLS. Throws base::Error.
  [[nodiscard]] std::shared_ptr<net::KeyLog> open_key_log(std::uint16_t port) const;
  /// Throw base::Error.
  [[nodiscard]] blocks::ServerOptions server_options() const;
  [[nodiscard]] std::shared_ptr<net::TlsServer> tls_server(const std::shared_ptr<net::KeyLog>& keys) const;
  [[nodiscard]] blocks::ClientOptions client_options(const std::shared_ptr<net::KeyLog>& keys) const;
  /// Null when the asked server is not in TLS.
  [[nodiscard]] std::shared_ptr<net::TlsClient> tls_client(const std::shared_ptr<net::KeyLog>& keys) const;
  /// Where the server is found when it listens on `port`.
  [[nodiscard]] std::string url_on(std::uint16_t port) const;

 private:
  /// Of --base-url.
  [[nodiscard]] net::Url asked_url() const;
  void check_numbers() const;
  void check_tls() const;
  void check_use() const;
  void check_asking() const;

  [[nodiscard]] net::TlsChoices choices(const std::shared_ptr<net::KeyLog>& keys) const;
};

}  // namespace k8scale::subcommands
