#include "k8scale/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace k8scale::base {
namespace {

Failure failed(const std::filesystem::path& path, int error) {
  return {FailureKind::io, path.string() + ": " + std::strerror(error)};
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() { static_cast<void>(close()); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool close() {
    if (number_ < 0) return true;
    const int result = ::close(number_);
    number_ = -1;
    return result == 0;
  }

 private:
  int number_;
};

// Neither a file nor a folder: a device, a pipe, a socket.
bool is_special(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_other(std::filesystem::status(path, ignored));
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return failed(path, errno);
  std::string content;
  std::string block(64 * 1024, '\0');
  for (;;) {
    const ssize_t count = ::read(file.number(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(path, errno);
    if (count == 0) return content;
    content.append(block, 0, static_cast<std::size_t>(count));
  }
}

Result<void> write_file_whole(const std::filesystem::path& path, std::string_view content, FileMode mode) {
  if (is_special(path)) {
    FileDescriptor device(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (device.number() < 0 || !rest_after_writing(device.number(), content).empty() || !device.close()) {
      return failed(path, errno);
    }
    return {};
  }
  std::string temporary = path.string() + ".XXXXXX";
  FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.number() < 0) return failed(path, errno);
  const bool written = ::fchmod(file.number(), static_cast<mode_t>(mode)) == 0 &&
                       rest_after_writing(file.number(), content).empty();
  if (!written || !file.close() || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return failed(path, error);
  }
  return {};
}

std::string_view rest_after_writing(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return text;
}

Result<void> check_writable(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return failed(path, EISDIR);
  if (is_special(path)) {
    if (::access(path.c_str(), W_OK) != 0) return failed(path, errno);
    return {};
  }
  std::string temporary = path.string() + ".XXXXXX";
  const FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.number() < 0) return failed(path, errno);
  ::unlink(temporary.c_str());
  return {};
}

}  // namespace k8scale::base
