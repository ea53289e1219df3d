#pragma once
#include <memory>
#include <optional>
#include <string>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"

namespace k8scale::profile {

/// CPU time being sampled by gperftools, in all threads. There is at most one in a process.
class CpuSampling {
 public:
  /// It is meant to go on until `end`, which others are told. A failure (kind io) says what keeps it from
  /// starting, one that runs already among it.
  [[nodiscard]] static base::Result<std::unique_ptr<CpuSampling>> start(base::SteadyTime end);
  /// When the one that runs is meant to end, or the last one was.
  [[nodiscard]] static base::SteadyTime ends();
  /// Stops.
  ~CpuSampling();
  CpuSampling(const CpuSampling&) = delete;
  CpuSampling& operator=(const CpuSampling&) = delete;

  /// Stops; what gperftools wrote.
  [[nodiscard]] base::Result<std::string> stop();

 private:
  explicit CpuSampling(int file) : file_(file) {}

  int file_;  // in memory
  bool running_ = true;
};

/// gperftools' sample of the heap; nothing when the process does not run under its malloc, or takes no
/// samples (they are asked for by TCMALLOC_SAMPLE_PARAMETER in its environment).
[[nodiscard]] std::optional<std::string> sample_heap();

}  // namespace k8scale::profile
