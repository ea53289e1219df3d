#include "k8scale/profile/allocator.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <span>
#include <vector>

#include "k8scale/base/files.h"
#include "k8scale/base/text.h"
#include "profile/tcmalloc.h"

namespace k8scale::profile {
namespace {

constexpr std::size_t page_size = 4096;
constexpr std::array<char, page_size> empty_page{};

// What sbrk(2) gave so far: the line "55d0c0000000-55d0c0a00000 rw-p … [heap]" of proc(5). Empty when there
// is none.
std::span<char> heap() {
  const base::Result<std::string> maps = base::read_file("/proc/self/maps");
  if (maps.has_error()) return {};
  for (const std::string& line : base::split(*maps, '\n')) {
    void* begin = nullptr;
    void* end = nullptr;
    if (!line.ends_with("[heap]") || std::sscanf(line.c_str(), "%p-%p", &begin, &end) != 2) continue;
    return {static_cast<char*>(begin), static_cast<char*>(end)};
  }
  return {};
}

}  // namespace

__attribute__((no_sanitize("vptr"))) void keep_little_free_memory() {
  constexpr std::size_t for_all_threads = 1024 * 1024;
  MallocExtension* const malloc = tcmalloc();
  if (malloc == nullptr) return;
  malloc->SetNumericProperty("tcmalloc.max_total_thread_cache_bytes", for_all_threads);
  malloc->SetNumericProperty("tcmalloc.aggressive_memory_decommit", 1);
}

void give_back_empty_pages() {
  if (tcmalloc() == nullptr || sysconf(_SC_PAGESIZE) != page_size) return;
  const std::span<char> pages = heap();
  std::vector<unsigned char> in_memory(pages.size() / page_size);
  if (mincore(pages.data(), pages.size(), in_memory.data()) != 0) return;
  const auto page = [&](std::size_t i) { return pages.data() + i * page_size; };
  const auto is_empty = [&](std::size_t i) {
    return (in_memory[i] & 1) == 0 || std::memcmp(page(i), empty_page.data(), page_size) == 0;
  };
  std::size_t begin = 0;  // of the empty pages up to the one that is looked at
  for (std::size_t i = 0; i <= in_memory.size(); ++i) {
    if (i < in_memory.size() && is_empty(i)) continue;
    if (i > begin) madvise(page(begin), (i - begin) * page_size, MADV_DONTNEED);
    begin = i + 1;
  }
}

}  // namespace k8scale::profile
