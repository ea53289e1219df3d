#include "profile/sampling.h"

#include <gperftools/profiler.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "k8scale/base/files.h"
#include "profile/tcmalloc.h"

namespace k8scale::profile {
namespace {

std::string path_of(int file) { return "/proc/self/fd/" + std::to_string(file); }

// gperftools has one profiler for the process.
std::atomic<base::SteadyTime>& end_of_sampling() {
  static std::atomic<base::SteadyTime> end;
  return end;
}

base::Failure failed(const std::string& what) { return {base::FailureKind::io, what}; }

}  // namespace

base::SteadyTime CpuSampling::ends() { return end_of_sampling(); }

base::Result<std::unique_ptr<CpuSampling>> CpuSampling::start(base::SteadyTime end) {
  ProfilerState state{};
  ProfilerGetCurrentState(&state);
  if (state.enabled != 0) {
    const base::Nanoseconds left = ends() - std::chrono::steady_clock::now();
    return failed("a CPU profile is being taken, for " +
                  base::format_duration(std::max(left, base::Nanoseconds(0))) +
                  " more; there can be one at a time");
  }
  const int file = ::memfd_create("cpu profile", MFD_CLOEXEC);
  if (file < 0) return failed(std::string("no memory for a profile: ") + std::strerror(errno));
  if (ProfilerStart(path_of(file).c_str()) == 0) {
    ::close(file);
    return failed("gperftools cannot take a profile now");
  }
  end_of_sampling() = end;
  return std::unique_ptr<CpuSampling>(new CpuSampling(file));
}

CpuSampling::~CpuSampling() {
  if (running_) ProfilerStop();
  ::close(file_);
}

base::Result<std::string> CpuSampling::stop() {
  running_ = false;
  ProfilerStop();
  return base::read_file(path_of(file_));
}

__attribute__((no_sanitize("vptr"))) std::optional<std::string> sample_heap() {
  MallocExtension* const malloc = tcmalloc();
  if (malloc == nullptr) return std::nullopt;
  std::string text;
  malloc->GetHeapSample(&text);
  const bool sampled = text.starts_with("heap profile:");  // else a warning comes first
  if (!sampled) return std::nullopt;
  return text;
}

}  // namespace k8scale::profile
