#include "k8scale/kube/credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/base/log.h"
#include "k8scale/base/text.h"
#include "k8scale/net/http.h"
#include "k8scale/net/wait.h"
#include "kube/exec_plugin.h"

namespace k8scale::kube {
using base::Failure;
using base::FailureKind;

namespace {

// How long what was read from a file is used, and how long before its end a plugin's credential is replaced.
constexpr auto file_lifetime = std::chrono::minutes(1);
constexpr auto early = std::chrono::minutes(1);
constexpr auto shortest_use = std::chrono::seconds(1);

base::Result<std::shared_ptr<net::TlsClient>> make_tls(const Configuration& configuration,
                                                       const std::string& ca_pem, const PemText& certificate,
                                                       const PemText& key) {
  net::TlsClientOptions options;
  options.ca_pem = ca_pem;
  options.server_name = configuration.tls_server_name;
  options.verify = configuration.verify_server;
  auto made = net::TlsClient::make(options);
  if (made.has_error()) {
    const std::string& origin = configuration.ca.origin;
    return Failure(FailureKind::tls, (origin.empty() ? "TLS" : origin) + ": " + made.error().detail());
  }
  if (certificate.pem.empty()) return made;
  options.certificate_pem = certificate.pem;
  options.key_pem = key.pem;
  made = net::TlsClient::make(options);
  if (made.has_value()) return made;
  const std::string origins =
      certificate.origin + (key.origin == certificate.origin ? "" : ", " + key.origin);
  return Failure(FailureKind::tls, origins + ": " + made.error().detail());
}

base::Result<std::string> read_token(const std::filesystem::path& file) {
  const base::Result<std::string> text = base::read_file(file);
  if (text.has_error()) return Failure(FailureKind::io, "token file " + text.error().detail());
  std::string token(base::trim(*text));
  if (token.empty()) {
    return Failure(FailureKind::io,
                   fmt::format("token file {}: found nothing, expected a token", file.string()));
  }
  if (!net::is_field_value(token)) {
    return Failure(FailureKind::io,
                   fmt::format("token file {}: found a line break within, expected a token", file.string()));
  }
  return token;
}

// How long a plugin's credential is used that expires at `end`: short-lived ones are replaced half-way, and a
// plugin is not called all the time even if it gives what has expired.
base::Nanoseconds use_until(base::WallTime end) {
  const base::WallTime now = std::chrono::system_clock::now();
  const base::Nanoseconds left = end > now ? base::Nanoseconds(end - now) : base::Nanoseconds(0);
  return std::max<base::Nanoseconds>(left - std::min<base::Nanoseconds>(early, left / 2), shortest_use);
}

// A coroutine that waits for a fetch. It may end with its shard, before the fetch does.
class Waiter {
 public:
  // Called with the mutex of `all` held.
  Waiter(net::Shard& shard, std::mutex& mutex, std::vector<Waiter*>& all)
      : shard_(shard), mutex_(mutex), all_(all), fetched_(std::make_shared<net::Signal>(shard)) {
    all_.push_back(this);
  }
  ~Waiter() {
    const std::lock_guard lock(mutex_);
    std::erase(all_, this);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // From any thread, with the mutex held.
  void wake() {
    shard_.post([fetched = fetched_] { fetched->raise(); });
  }
  [[nodiscard]] net::Task<void> wait() { return fetched_->wait(); }

 private:
  net::Shard& shard_;
  std::mutex& mutex_;
  std::vector<Waiter*>& all_;
  std::shared_ptr<net::Signal> fetched_;
};

}  // namespace

struct Credentials::State {
  const Configuration configuration;
  const Clock clock;
  std::mutex mutex;
  std::shared_ptr<const Credential> credential;
  std::string identity;  // authorities, certificate and key of its TLS context
  bool fetching = false;
  std::vector<Waiter*> waiting;  // for the fetch to end

  State(const Configuration& from, Clock with) : configuration(from), clock(std::move(with)) {}

  [[nodiscard]] bool can_be_replaced() const {
    return configuration.exec || !configuration.token_file.empty();
  }

  // One fetch runs at a time. It reads `credential`, which nothing else replaces.
  [[nodiscard]] base::Result<Credential> fetch();
  [[nodiscard]] base::Result<Credential> fetch_from_plugin(const ExecPlugin& plugin);
  [[nodiscard]] base::Result<std::shared_ptr<net::TlsClient>> tls_with(const PemText& certificate,
                                                                       const PemText& key);
  void store(const base::Result<Credential>& fetched);

  // Fetches on a thread of its own: plugins take long. `mutex` is held.
  static void begin_fetch(const std::shared_ptr<State>& state);
};

// What there is already serves on, so that its connections and sessions do.
base::Result<std::shared_ptr<net::TlsClient>> Credentials::State::tls_with(const PemText& certificate,
                                                                           const PemText& key) {
  if (!configuration.server.tls) return std::shared_ptr<net::TlsClient>();
  std::string ca_pem = configuration.ca.pem;
  if (!configuration.ca_file.empty()) {
    base::Result<std::string> read = base::read_file(configuration.ca_file);
    if (read.has_error()) return read.error();
    ca_pem = std::move(*read);
  }
  const std::string wanted = ca_pem + certificate.pem + key.pem;
  if (credential && wanted == identity) return credential->tls;
  auto made = make_tls(configuration, ca_pem, certificate, key);
  if (made.has_value()) identity = wanted;
  return made;
}

base::Result<Credential> Credentials::State::fetch_from_plugin(const ExecPlugin& plugin) {
  Credential made;
  const base::Result<ExecCredential> given = run_exec_plugin(plugin, configuration);
  if (given.has_error()) return given.error();
  if (!given->token.empty()) made.authorization = "Bearer " + given->token;
  if (const auto& expires = given->expires) made.expires = clock() + use_until(*expires);
  const bool has_own = !given->certificate_pem.empty();
  const std::string origin = fmt::format("{}: {}", plugin.origin, plugin.command);
  auto tls = has_own ? tls_with({given->certificate_pem, origin}, {given->key_pem, origin})
                     : tls_with(configuration.client_certificate, configuration.client_key);
  if (tls.has_error()) return tls.error();
  made.tls = std::move(*tls);
  return made;
}

base::Result<Credential> Credentials::State::fetch() {
  if (configuration.exec) return fetch_from_plugin(*configuration.exec);
  Credential made;
  std::string token = configuration.token;
  if (!configuration.token_file.empty()) {
    base::Result<std::string> read = read_token(configuration.token_file);
    if (read.has_value()) token = std::move(*read);
    if (read.has_error() && token.empty()) {
      const std::string& origin = configuration.token_file_origin;
      return Failure(read.error().kind(), (origin.empty() ? "" : origin + ": ") + read.error().detail());
    }
    made.expires = clock() + file_lifetime;
  }
  if (!token.empty()) {
    made.authorization = "Bearer " + token;
  } else if (!configuration.username.empty()) {
    made.authorization =
        "Basic " + base::base64_encode(configuration.username + ":" + configuration.password);
  }
  auto tls = tls_with(configuration.client_certificate, configuration.client_key);
  const bool old_authorities_do = tls.has_error() && credential && !configuration.ca_file.empty();
  if (old_authorities_do) {
    base::log_warning("credentials: " + tls.error().message() + "; the old authorities stay in use");
    tls = credential->tls;
  }
  if (tls.has_error()) return tls.error();
  made.tls = std::move(*tls);
  return made;
}

void Credentials::State::store(const base::Result<Credential>& fetched) {
  const std::lock_guard lock(mutex);
  fetching = false;
  Credential next = fetched.has_value() ? *fetched : *credential;
  if (fetched.has_error()) {
    base::log_warning("credentials: " + fetched.error().message() + "; the old ones stay in use");
    next.expires = clock() + file_lifetime;
  }
  const bool same = next.authorization == credential->authorization && next.tls == credential->tls;
  if (!same) base::log_verbose(2, "credentials: renewed");
  next.generation = credential->generation + (same ? 0 : 1);
  credential = std::make_shared<const Credential>(std::move(next));
  for (Waiter* each : std::exchange(waiting, {})) each->wake();
}

void Credentials::State::begin_fetch(const std::shared_ptr<State>& state) {
  if (std::exchange(state->fetching, true)) return;
  std::thread([state] { state->store(state->fetch()); }).detach();
}

Credentials::Credentials(std::shared_ptr<State> state) : state_(std::move(state)) {}
Credentials::~Credentials() = default;

std::shared_ptr<Credentials> Credentials::load(const Configuration& configuration, Clock clock) {
  auto state = std::make_shared<State>(configuration, std::move(clock));
  base::Result<Credential> first = state->fetch();
  if (first.has_error()) throw base::Error(first.error().detail(), configuration_exit_code);
  state->credential = std::make_shared<const Credential>(std::move(*first));
  return std::shared_ptr<Credentials>(new Credentials(std::move(state)));
}

std::shared_ptr<const Credential> Credentials::current() {
  const std::lock_guard lock(state_->mutex);
  if (state_->credential->expires != base::SteadyTime::max() &&
      state_->clock() >= state_->credential->expires) {
    State::begin_fetch(state_);
  }
  return state_->credential;
}

net::Task<bool> Credentials::replace(net::Shard& shard, std::uint64_t refused) {
  const std::shared_ptr<State> state = state_;
  if (!state->can_be_replaced()) co_return false;
  std::optional<Waiter> waiter;
  {
    const std::lock_guard lock(state->mutex);
    if (state->credential->generation != refused) co_return true;
    waiter.emplace(shard, state->mutex, state->waiting);
    State::begin_fetch(state);
  }
  co_await waiter->wait();
  const std::lock_guard lock(state->mutex);
  co_return state->credential->generation != refused;
}

}  // namespace k8scale::kube
