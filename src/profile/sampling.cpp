#include "profile/sampling.h"

#include <gperftools/profiler.h>
#include <stdio_ext.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
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

// At its end, gperftools tells stderr what it counted, which is nothing to the user of this program. Others
// who write there meanwhile wait a moment.
void stop_profiler_silently() {
  std::array<char, 1024> told{};
  ::flockfile(stderr);
  // Of a stream that was written to last, glibc flushes a new buffer after each piece of the text; of one
  // that was read from last, as far as stderr can be, it does not.
  static_cast<void>(::getc_unlocked(stderr));
  ::clearerr_unlocked(stderr);
  std::setvbuf(stderr, told.data(), _IOFBF, told.size());
  ProfilerStop();
  ::__fpurge(stderr);
  std::setvbuf(stderr, nullptr, _IONBF, 0);
  ::funlockfile(stderr);
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
  if (running_) stop_profiler_silently();
  ::close(file_);
}

base::Result<std::string> CpuSampling::stop() {
  running_ = false;
  stop_profiler_silently();
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
