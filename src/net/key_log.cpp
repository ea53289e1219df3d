#include "k8scale/net/key_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "k8scale/base/files.h"
#include "k8scale/base/log.h"

namespace k8scale::net {
namespace {

base::Failure failed(const KeyLogFile& file, const std::string& what) {
  return {base::FailureKind::io, file.path.string() + ": " + what};
}

// In a folder that all may write to, others could lead the secrets elsewhere.
base::Result<void> make_ours(const KeyLogFile& file, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return failed(file, std::strerror(errno));
  if (status.st_uid != ::geteuid()) return failed(file, "belongs to another user");
  const bool open_to_others = S_ISREG(status.st_mode) && (status.st_mode & 077U) != 0;
  if (open_to_others && ::fchmod(descriptor, 0600) != 0) return failed(file, std::strerror(errno));
  return {};
}

std::string why_not_opened(const KeyLogFile& file, int error) {
  if (error == ELOOP && file.chosen_by == KeyLogFile::ChosenBy::program) {
    return "is a link, and secrets are not written through links";
  }
  std::error_code unknown;
  if (error == ENXIO && std::filesystem::is_fifo(file.path, unknown)) return "is a FIFO that nobody reads";
  return std::strerror(error);
}

// Only the opening must not wait: a slow reader of a FIFO gets all lines.
base::Result<void> let_writes_wait(const KeyLogFile& file, int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0 && ::fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) == 0) return {};
  return failed(file, std::strerror(errno));
}

base::Result<int> open_file(const KeyLogFile& file) {
  const bool own = file.chosen_by == KeyLogFile::ChosenBy::program;
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  const int descriptor = ::open(file.path.c_str(), flags | (own ? O_NOFOLLOW : 0), 0600);
  if (descriptor < 0) return failed(file, why_not_opened(file, errno));
  base::Result<void> usable = let_writes_wait(file, descriptor);
  if (usable.has_value() && own) usable = make_ours(file, descriptor);
  if (usable.has_value()) return descriptor;
  ::close(descriptor);
  return usable.error();
}

}  // namespace

base::Result<void> KeyLog::add(const KeyLogFile& file) {
  const base::Result<int> descriptor = open_file(file);
  if (descriptor.has_error()) return descriptor.error();
  files_.push_back({*descriptor, file.path.string()});
  return {};
}

KeyLog::~KeyLog() {
  for (const File& file : files_) ::close(file.descriptor);
}

void KeyLog::write(std::string_view line) {
  const bool was_cut = cut_.exchange(false);
  const std::string whole = (was_cut ? "\n" : "") + std::string(line) + "\n";
  for (const File& file : files_) {
    const std::string_view rest = base::rest_after_writing(file.descriptor, whole);
    if (rest.empty()) continue;
    const int why = errno;
    if (was_cut || rest.size() < whole.size()) cut_ = true;
    if (!warned_.exchange(true)) base::log_warning(file.name + ": TLS keys are lost: " + std::strerror(why));
  }
}

}  // namespace k8scale::net
