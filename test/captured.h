#pragma once
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

namespace k8scale::test {

/// What `work` writes to stderr, up to 4 KiB.
template <class Work>
std::string captured(Work work) {
  std::FILE* file = std::tmpfile();
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  work();
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  std::rewind(file);
  std::array<char, 4096> text{};
  const std::size_t size = std::fread(text.data(), 1, text.size(), file);
  std::fclose(file);
  return {text.data(), size};
}

}  // namespace k8scale::test
