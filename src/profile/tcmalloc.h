#pragma once
#include <dlfcn.h>
#include <gperftools/malloc_extension.h>

namespace k8scale::profile {

/// gperftools' malloc; null where another one is linked, as in builds for a sanitizer. Found by its name.
inline MallocExtension* tcmalloc() {
  using Instance = MallocExtension* (*)();
  const auto instance = reinterpret_cast<Instance>(::dlsym(RTLD_DEFAULT, "_ZN15MallocExtension8instanceEv"));
  return instance == nullptr ? nullptr : instance();
}

}  // namespace k8scale::profile
