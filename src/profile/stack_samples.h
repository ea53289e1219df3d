#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace k8scale::profile {

/// How often, or how much, something was seen on one stack.
struct StackSample {
  std::vector<std::int64_t> values;  ///< one for each value type
  std::vector<std::uint64_t>
      addresses;  ///< of instructions, the innermost first; of callers: within the call
};

struct ValueType {
  std::string type, unit;
};

struct Samples {
  std::vector<ValueType> types;
  std::vector<StackSample> stacks;
  ValueType period_type;
  std::int64_t period = 0;      ///< between samples, in the period type's unit
  std::int64_t start_time = 0;  ///< ns since 1970
  std::int64_t duration = 0;    ///< ns
};

/// Reads gperftools' CPU profile: native words (gperftools, docs/cpuprofile-fileformat.html). Of what is cut
/// short, as far as it goes.
[[nodiscard]] Samples read_cpu_profile(std::string_view bytes);

/// Reads what gperftools' MallocExtension::GetHeapSample writes ("heap_v2"), and scales the samples up to
/// what they stand for.
[[nodiscard]] Samples read_heap_sample(std::string_view text);

}  // namespace k8scale::profile
