#pragma once
#include <cstdint>

#include "k8scale/base/time.h"

namespace k8scale::measure {

/// What the operating system says of this process. A figure that cannot be read is 0.
struct ProcessFigures {
  base::Nanoseconds cpu{0};  ///< user and system, of all threads
  std::uint64_t resident_bytes = 0;
  std::uint64_t peak_resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t most_files = 0;  ///< the soft limit
  base::WallTime started;        ///< to 10 ms
};

/// Reads getrusage(2) and /proc/self; takes some 100 µs.
[[nodiscard]] ProcessFigures read_process();

}  // namespace k8scale::measure
