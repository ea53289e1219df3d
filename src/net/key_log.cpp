#include "k8scale/net/key_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace k8scale::net {

base::Result<std::shared_ptr<KeyLog>> KeyLog::open(const std::vector<std::filesystem::path>& files) {
  std::shared_ptr<KeyLog> log(new KeyLog());
  for (const std::filesystem::path& path : files) {
    // A link in a folder that all may write to could lead the secrets elsewhere.
    const int file =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (file < 0) {
      return base::Failure(base::FailureKind::io, path.string() + ": " + std::strerror(errno));
    }
    log->files_.push_back(file);
  }
  return log;
}

KeyLog::~KeyLog() {
  for (const int file : files_) ::close(file);
}

void KeyLog::write(std::string_view line) {
  const std::string whole = std::string(line) + "\n";
  for (const int file : files_) {
    const ssize_t written = ::write(file, whole.data(), whole.size());
    static_cast<void>(written);
  }
}

}  // namespace k8scale::net
