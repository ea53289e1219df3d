#include "kube/exec_plugin.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "k8scale/base/text.h"
#include "k8scale/net/http.h"

extern char** environ;

namespace k8scale::kube {
namespace {

using Json = nlohmann::json;
using base::Failure;
using base::FailureKind;

constexpr std::size_t most_output = 1'000'000;

// A file descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }
  void close() {
    if (value_ >= 0) ::close(value_);
    value_ = -1;
  }

 private:
  int value_;
};

std::string execution_info(const ExecPlugin& plugin, const Configuration& configuration, bool interactive) {
  Json info = {{"kind", "ExecCredential"},
               {"apiVersion", plugin.api_version},
               {"spec", {{"interactive", interactive}}}};
  if (plugin.provide_cluster_info) {
    Json cluster = {{"server", configuration.server.url() + configuration.path_prefix}};
    if (!configuration.tls_server_name.empty()) cluster["tls-server-name"] = configuration.tls_server_name;
    if (!configuration.verify_server) cluster["insecure-skip-tls-verify"] = true;
    if (!configuration.ca.pem.empty()) {
      cluster["certificate-authority-data"] = base::base64_encode(configuration.ca.pem);
    }
    if (configuration.proxy) cluster["proxy-url"] = configuration.proxy->endpoint.url();
    if (!plugin.cluster_config.empty())
      cluster["config"] = Json::parse(plugin.cluster_config, nullptr, false);
    info["spec"]["cluster"] = std::move(cluster);
  }
  return info.dump();
}

std::vector<std::string> environment_of(const ExecPlugin& plugin, const std::string& info) {
  std::vector<std::string> values;
  for (char** each = environ; *each != nullptr; ++each) values.emplace_back(*each);
  for (const auto& [name, value] : plugin.environment) values.push_back(fmt::format("{}={}", name, value));
  values.push_back("KUBERNETES_EXEC_INFO=" + info);
  // getenv takes the first of several: what was added last must win.
  std::vector<std::string> kept;
  for (auto each = values.rbegin(); each != values.rend(); ++each) {
    const std::string name = each->substr(0, each->find('=') + 1);
    const bool known =
        std::any_of(kept.begin(), kept.end(), [&](auto& other) { return other.starts_with(name); });
    if (!known) kept.push_back(*each);
  }
  return kept;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> found;
  found.reserve(texts.size() + 1);
  for (std::string& text : texts) found.push_back(text.data());
  found.push_back(nullptr);
  return found;
}

// Waits for something to read, or for the end of what may write.
bool wait_readable(int descriptor, base::SteadyTime deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting{descriptor, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// What comes out of `descriptor` until its end; nothing when that does not come in time.
std::optional<std::string> read_until_end(int descriptor, base::SteadyTime deadline) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() <= most_output && wait_readable(descriptor, deadline)) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) break;
  }
  if (text.size() > most_output) return text;
  return std::nullopt;
}

// The process's status; nothing when it does not end in time.
std::optional<int> wait_for_end(pid_t process, base::SteadyTime deadline) {
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(process, &status, WNOHANG);
    if (ended == process) return status;
    if (ended < 0 && errno != EINTR) return std::nullopt;
    if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void end_at_once(pid_t process) {
  ::kill(process, SIGKILL);
  while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Starts the program with its output in `out`.
base::Result<pid_t> start_program(const ExecPlugin& plugin, const std::string& info, bool interactive,
                                  int out) {
  std::vector<std::string> arguments = {plugin.command};
  arguments.insert(arguments.end(), plugin.arguments.begin(), plugin.arguments.end());
  std::vector<std::string> environment = environment_of(plugin, info);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  if (!interactive) posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t ignored_here = none;
  sigaddset(&ignored_here, SIGPIPE);
  sigaddset(&ignored_here, SIGXFSZ);
  posix_spawnattr_setsigdefault(&attributes, &ignored_here);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t process = 0;
  const int error = ::posix_spawnp(&process, plugin.command.c_str(), &actions, &attributes,
                                   pointers(arguments).data(), pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return process;
  std::string why = fmt::format("cannot run {}: {}", plugin.command, std::strerror(error));
  if (error == ENOENT && !plugin.install_hint.empty()) why += "; " + plugin.install_hint;
  return Failure(FailureKind::io, why);
}

// How a program ended, when not with exit code 0.
std::optional<std::string> bad_end(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return fmt::format("ended with exit code {}", WEXITSTATUS(status));
  return std::nullopt;
}

base::Result<std::string> run_program(const ExecPlugin& plugin, const std::string& info, bool interactive,
                                      base::Nanoseconds time_limit) {
  const auto failed = [&](FailureKind kind, const std::string& what) {
    return Failure(kind, plugin.command + " " + what);
  };
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Failure(FailureKind::io, std::strerror(errno));
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const base::Result<pid_t> process = start_program(plugin, info, interactive, writing.get());
  if (process.has_error()) return process.error();
  writing.close();

  const base::SteadyTime deadline = std::chrono::steady_clock::now() + time_limit;
  std::optional<std::string> text = read_until_end(reading.get(), deadline);
  const bool too_much = text && text->size() > most_output;
  const std::optional<int> status = text && !too_much ? wait_for_end(*process, deadline) : std::nullopt;
  if (!status) end_at_once(*process);
  if (too_much) {
    return failed(FailureKind::protocol, fmt::format("printed more than {}, expected an ExecCredential",
                                                     base::format_bytes(most_output)));
  }
  if (!text || !status) {
    return failed(FailureKind::timeout, "was not done within " + base::format_duration(time_limit));
  }
  const std::optional<std::string> wrong = bad_end(*status);
  if (wrong) return failed(FailureKind::io, *wrong);
  return std::move(*text);
}

std::string text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

base::Result<ExecCredential> parse_exec_credential(const std::string& text, const std::string& api_version) {
  const auto wrong = [](const std::string& why) { return Failure(FailureKind::protocol, why); };
  const Json document = Json::parse(text, nullptr, false);
  if (!document.is_object()) return wrong("printed no JSON object, expected an ExecCredential");
  if (text_at(document, "kind") != "ExecCredential") return wrong("printed no object of kind ExecCredential");
  if (text_at(document, "apiVersion") != api_version) {
    return wrong(fmt::format("printed apiVersion {}, expected {}",
                             base::go_quote(text_at(document, "apiVersion")), base::go_quote(api_version)));
  }
  const auto status = document.find("status");
  if (status == document.end() || !status->is_object())
    return wrong("printed an ExecCredential without a status");
  ExecCredential credential;
  credential.token = text_at(*status, "token");
  if (!net::is_field_value(credential.token)) return wrong("printed a token with a line break");
  credential.certificate_pem = text_at(*status, "clientCertificateData");
  credential.key_pem = text_at(*status, "clientKeyData");
  if (credential.certificate_pem.empty() != credential.key_pem.empty()) {
    return wrong("printed only one of clientCertificateData and clientKeyData");
  }
  if (credential.token.empty() && credential.certificate_pem.empty()) {
    return wrong("printed neither a token nor a client certificate");
  }
  const auto expiration = status->find("expirationTimestamp");
  if (expiration != status->end() && !expiration->is_null()) {
    credential.expires = base::parse_rfc3339(text_at(*status, "expirationTimestamp"));
    if (!credential.expires) return wrong("printed an expirationTimestamp that is not RFC 3339");
  }
  return credential;
}

base::Result<ExecCredential> run_exec_plugin(const ExecPlugin& plugin, const Configuration& configuration,
                                             base::Nanoseconds time_limit) {
  const std::string name = plugin.origin.empty() ? "exec plugin" : plugin.origin;
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  const bool interactive = plugin.interactive_mode != InteractiveMode::never && terminal;
  if (plugin.interactive_mode == InteractiveMode::always && !terminal) {
    return Failure(FailureKind::io, name + ": " + plugin.command + " needs a terminal on standard input");
  }
  const base::Result<std::string> output =
      run_program(plugin, execution_info(plugin, configuration, interactive), interactive, time_limit);
  if (output.has_error()) return Failure(output.error().kind(), name + ": " + output.error().detail());
  base::Result<ExecCredential> credential = parse_exec_credential(*output, plugin.api_version);
  if (credential.has_error()) {
    return Failure(credential.error().kind(),
                   fmt::format("{}: {} {}", name, plugin.command, credential.error().detail()));
  }
  return credential;
}

}  // namespace k8scale::kube
