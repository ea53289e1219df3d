#include "k8scale/profile/allocator.h"

#include "profile/tcmalloc.h"

namespace k8scale::profile {

__attribute__((no_sanitize("vptr"))) void keep_little_free_memory() {
  constexpr std::size_t for_all_threads = 1024 * 1024;
  MallocExtension* const malloc = tcmalloc();
  if (malloc == nullptr) return;
  malloc->SetNumericProperty("tcmalloc.max_total_thread_cache_bytes", for_all_threads);
  malloc->SetNumericProperty("tcmalloc.aggressive_memory_decommit", 1);
}

}  // namespace k8scale::profile
