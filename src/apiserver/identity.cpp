#include "identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

namespace fs = std::filesystem;

constexpr auto certificate_lifetime = std::chrono::hours(24 * 365);
constexpr std::size_t token_words = 8;
constexpr std::size_t shortest_token = 16;

constexpr const char* authority_certificate_file = "ca.crt";
constexpr const char* authority_key_file = "ca.key";
constexpr const char* administrator_certificate_file = "admin.crt";
constexpr const char* administrator_key_file = "admin.key";
constexpr const char* token_file = "token";

net::CertificateAndKey checked(base::Result<net::CertificateAndKey> made, std::string_view what) {
  if (made.has_error()) throw base::Error(fmt::format("{}: {}", what, made.error().detail()));
  return std::move(*made);
}

std::string make_token() {
  std::random_device device;
  std::string token;
  for (std::size_t i = 0; i < token_words; ++i) token += fmt::format("{:08x}", device());
  return token;
}

bool is_any_address(const std::string& address) { return address == "0.0.0.0" || address == "::"; }

base::Error unusable(const fs::path& file, std::string_view why) {
  return base::Error(fmt::format("--identity: {}: {}", file.string(), why));
}

base::Error failed(const fs::path& folder) { return unusable(folder, std::strerror(errno)); }

// The folder while no other server looks at it.
class LockedFolder {
 public:
  explicit LockedFolder(fs::path path) : path_(std::move(path)) {
    if (::mkdir(path_.c_str(), S_IRWXU) != 0 && errno != EEXIST) throw failed(path_);
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ < 0) throw failed(path_);
    int locked = -1;
    do {
      locked = ::flock(descriptor_, LOCK_EX);
    } while (locked != 0 && errno == EINTR);
    if (locked == 0) return;
    const base::Error error = failed(path_);
    ::close(descriptor_);
    throw error;
  }
  ~LockedFolder() { ::close(descriptor_); }
  LockedFolder(const LockedFolder&) = delete;
  LockedFolder& operator=(const LockedFolder&) = delete;

  [[nodiscard]] bool has_identity() const { return fs::exists(path_ / authority_certificate_file); }

  // Nobody else may look into a folder with keys.
  void check_mode() const {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) throw failed(path_);
    const mode_t mode = status.st_mode & 0777U;
    if ((mode & (S_IRWXG | S_IRWXO)) == 0) return;
    throw unusable(path_, fmt::format("found mode {:04o}, expected 0700 to put keys there", mode));
  }

  // The authority's certificate last: without it there is no identity.
  void write(const Identity& identity) const {
    write_file(token_file, identity.token + "\n");
    write_file(administrator_key_file, identity.administrator.key_pem);
    write_file(administrator_certificate_file, identity.administrator.certificate_pem);
    write_file(authority_key_file, identity.authority.key_pem);
    write_file(authority_certificate_file, identity.authority.certificate_pem);
  }

  [[nodiscard]] Identity read() const {
    Identity identity;
    identity.authority = {read_file(authority_certificate_file), read_file(authority_key_file)};
    identity.administrator = {read_file(administrator_certificate_file), read_file(administrator_key_file)};
    identity.token = base::trim(read_file(token_file));
    check(identity);
    return identity;
  }

 private:
  void write_file(const char* name, const std::string& content) const {
    const base::Result<void> written = base::write_file_whole(path_ / name, content, base::FileMode::secret);
    if (written.has_error()) throw base::Error("--identity: " + written.error().detail());
  }

  [[nodiscard]] std::string read_file(const char* name) const {
    base::Result<std::string> content = base::read_file(path_ / name);
    if (content.has_error()) throw base::Error("--identity: " + content.error().detail());
    return std::move(*content);
  }

  void check(const Identity& identity) const {
    const std::string& authority = identity.authority.certificate_pem;
    refuse(authority_certificate_file, net::check_certificate(authority, authority));
    refuse(authority_key_file, net::check_key(identity.authority));
    refuse(administrator_certificate_file,
           net::check_certificate(identity.administrator.certificate_pem, authority));
    refuse(administrator_key_file, net::check_key(identity.administrator));
    const bool plain =
        std::all_of(identity.token.begin(), identity.token.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (plain && identity.token.size() >= shortest_token) return;
    throw unusable(path_ / token_file,
                   fmt::format("found {}{} characters, expected one line of at least {}",
                               identity.token.size(), plain ? "" : " blank or odd", shortest_token));
  }

  void refuse(const char* name, const base::Result<void>& outcome) const {
    if (outcome.has_error()) throw unusable(path_ / name, outcome.error().detail());
  }

  fs::path path_;
  int descriptor_ = -1;
};

}  // namespace

Identity make_identity() {
  Identity identity;
  identity.authority =
      checked(net::make_authority("k8scale-ca", certificate_lifetime), "certificate authority");
  net::CertificateRequest administrator;
  administrator.common_name = "kubernetes-admin";
  administrator.organizations = {"system:masters"};
  administrator.use = net::CertificateUse::client;
  administrator.valid_for = certificate_lifetime;
  identity.administrator =
      checked(net::issue_certificate(identity.authority, administrator), "client certificate");
  identity.token = make_token();
  return identity;
}

Identity open_identity(const fs::path& folder) {
  const LockedFolder locked(folder);
  if (!locked.has_identity()) {
    locked.check_mode();
    locked.write(make_identity());
  }
  return locked.read();
}

net::CertificateAndKey issue_server_certificate(const net::CertificateAndKey& authority,
                                                const std::string& address) {
  net::CertificateRequest server;
  server.common_name = "k8scale-apiserver";
  server.dns_names = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"};
  server.ip_addresses = {"127.0.0.1", "::1"};
  if (!is_any_address(address) && address != "127.0.0.1" && address != "::1") {
    server.ip_addresses.push_back(address);
  }
  server.valid_for = certificate_lifetime;
  return checked(net::issue_certificate(authority, server), "server certificate");
}

}  // namespace k8scale::apiserver
