#include "k8scale/kube/credentials.h"

#include <fmt/format.h>

#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/base/log.h"
#include "k8scale/base/text.h"
#include "k8scale/net/wait.h"
#include "kube/exec_plugin.h"

namespace k8scale::kube {
using base::Failure;
using base::FailureKind;

namespace {

// How long what was read from a file is used, and how long before its end a plugin's credential is replaced.
constexpr auto file_lifetime = std::chrono::minutes(1);
constexpr auto early = std::chrono::minutes(1);

base::Result<std::shared_ptr<net::TlsClient>> make_tls(const Configuration& configuration,
                                                       const std::string& certificate_pem,
                                                       const std::string& key_pem) {
  net::TlsClientOptions options;
  options.ca_pem = configuration.ca.pem;
  options.certificate_pem = certificate_pem;
  options.key_pem = key_pem;
  options.server_name = configuration.tls_server_name;
  options.verify = configuration.verify_server;
  auto made = net::TlsClient::make(options);
  if (made.has_value()) return made;
  std::string origins;
  for (const PemText* text :
       {&configuration.ca, &configuration.client_certificate, &configuration.client_key}) {
    if (!text->origin.empty()) origins += (origins.empty() ? "" : ", ") + text->origin;
  }
  return Failure(FailureKind::tls, (origins.empty() ? "TLS" : origins) + ": " + made.error().detail());
}

}  // namespace

struct Credentials::State {
  const Configuration configuration;
  const Clock clock;
  std::mutex mutex;
  std::shared_ptr<const Credential> credential;
  bool fetching = false;
  std::vector<std::function<void()>> waiting;  // called when the fetch has ended

  State(const Configuration& from, Clock with) : configuration(from), clock(std::move(with)) {}

  [[nodiscard]] bool can_be_replaced() const {
    return configuration.exec || !configuration.token_file.empty();
  }

  [[nodiscard]] base::Result<Credential> fetch() const;
  [[nodiscard]] base::Result<Credential> fetch_from_plugin(const ExecPlugin& plugin) const;
  void store(const base::Result<Credential>& fetched);

  // Fetches on a thread of its own: plugins take long. `mutex` is held.
  static void begin_fetch(const std::shared_ptr<State>& state);
};

base::Result<Credential> Credentials::State::fetch_from_plugin(const ExecPlugin& plugin) const {
  Credential made;
  const base::Result<ExecCredential> given = run_exec_plugin(plugin, configuration);
  if (given.has_error()) return given.error();
  if (!given->token.empty()) made.authorization = "Bearer " + given->token;
  if (const auto& expires = given->expires) {
    const auto left = *expires - std::chrono::system_clock::now();
    made.expires = clock() + std::chrono::duration_cast<base::Nanoseconds>(left) - early;
  }
  if (!configuration.server.tls) return made;
  const bool has_own = !given->certificate_pem.empty();
  auto tls = make_tls(configuration, has_own ? given->certificate_pem : configuration.client_certificate.pem,
                      has_own ? given->key_pem : configuration.client_key.pem);
  if (tls.has_error()) return tls.error();
  made.tls = std::move(*tls);
  return made;
}

base::Result<Credential> Credentials::State::fetch() const {
  if (configuration.exec) return fetch_from_plugin(*configuration.exec);
  Credential made;
  std::string token = configuration.token;
  if (!configuration.token_file.empty()) {
    const base::Result<std::string> read = base::read_file(configuration.token_file);
    if (read.has_value()) token = base::trim(*read);
    if (read.has_error() && token.empty())
      return Failure(FailureKind::io, "token file " + read.error().detail());
    made.expires = clock() + file_lifetime;
  }
  if (!token.empty()) {
    made.authorization = "Bearer " + token;
  } else if (!configuration.username.empty()) {
    made.authorization =
        "Basic " + base::base64_encode(configuration.username + ":" + configuration.password);
  }
  if (!configuration.server.tls) return made;
  if (credential) {
    made.tls = credential->tls;
    return made;
  }
  auto tls = make_tls(configuration, configuration.client_certificate.pem, configuration.client_key.pem);
  if (tls.has_error()) return tls.error();
  made.tls = std::move(*tls);
  return made;
}

void Credentials::State::store(const base::Result<Credential>& fetched) {
  std::vector<std::function<void()>> wake;
  {
    const std::lock_guard lock(mutex);
    fetching = false;
    wake.swap(waiting);
    Credential next = fetched.has_value() ? *fetched : *credential;
    if (fetched.has_error()) {
      base::log_warning("credentials: " + fetched.error().message() + "; the old ones stay in use");
      next.expires = clock() + file_lifetime;
    }
    const bool same = next.authorization == credential->authorization && next.tls == credential->tls;
    next.generation = credential->generation + (same ? 0 : 1);
    credential = std::make_shared<const Credential>(std::move(next));
  }
  for (const auto& each : wake) each();
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
  if (!state_->can_be_replaced()) co_return false;
  const auto fetched = std::make_shared<net::Signal>(shard);
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->credential->generation != refused) co_return true;
    state_->waiting.emplace_back([fetched, &shard] { shard.post([fetched] { fetched->raise(); }); });
    State::begin_fetch(state_);
  }
  co_await fetched->wait();
  const std::lock_guard lock(state_->mutex);
  co_return state_->credential->generation != refused;
}

}  // namespace k8scale::kube
