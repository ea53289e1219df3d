#include "measure/row_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace k8scale::measure {

RowFile::RowFile(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) {
    error_ = errno;
    return;
  }
  struct stat status {};
  regular_ = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
}

RowFile::~RowFile() { close(); }

std::uint64_t RowFile::write(std::string_view lines, std::uint64_t count) {
  std::size_t written = 0;
  bool failed = false;
  while (!failed && written < lines.size()) {
    const ssize_t bytes = ::write(descriptor_, lines.data() + written, lines.size() - written);
    if (bytes >= 0) {
      written += static_cast<std::size_t>(bytes);
    } else if (errno != EINTR) {
      if (error_ == 0) error_ = errno;
      failed = true;
    }
  }
  const std::string_view out = lines.substr(0, written);
  whole_ += static_cast<off_t>(out.rfind('\n') + 1);  // npos + 1 is 0
  if (!failed) return count;
  cut_to_whole_lines();
  return static_cast<std::uint64_t>(std::count(out.begin(), out.end(), '\n'));
}

void RowFile::cut_to_whole_lines() {
  if (!regular_) return;
  if (::ftruncate(descriptor_, whole_) != 0 || ::lseek(descriptor_, whole_, SEEK_SET) < 0) regular_ = false;
}

void RowFile::close() {
  if (descriptor_ < 0) return;
  if (::close(descriptor_) != 0 && error_ == 0) error_ = errno;
  descriptor_ = -1;
}

}  // namespace k8scale::measure
