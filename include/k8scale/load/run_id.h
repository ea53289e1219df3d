#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "k8scale/base/random.h"
#include "k8scale/base/time.h"

/// How a run and what belongs to it are named.
namespace k8scale::load {

/// "MMDD.hhmm.NNNN": local month, day, hour, minute, and four random digits.
[[nodiscard]] std::string default_run_id(base::WallTime now, base::Random& random);

/// Throws base::Error: exit code 1 when the run ID has characters that file names should not have, or cannot
/// begin the name of a Kubernetes object; 17 when names with `name_suffix` more characters are too long.
void check_run_id(std::string_view run_id, std::size_t name_suffix);

/// Replaces `{{.RunID}}` in the -datafile flag. Throws base::Error (exit code 5) when the result is no name.
[[nodiscard]] std::filesystem::path data_file_name(std::string_view pattern, std::string_view run_id);

/// Names objects "RUNID-0001": the number padded to the digits of `largest_number` and `more_digits`. Larger
/// numbers have longer names.
class ObjectNames {
 public:
  ObjectNames(std::string_view run_id, std::uint64_t largest_number, std::size_t more_digits = 0);
  [[nodiscard]] std::string name(std::uint64_t number) const;
  /// The number of the object of that name; 0 when it is not one of these.
  [[nodiscard]] std::uint64_t number(std::string_view name) const;

 private:
  std::string prefix_;
  std::size_t digits_;
};
/// How many characters of an object's name follow the run ID.
[[nodiscard]] std::size_t name_suffix_length(std::uint64_t largest_number);

}  // namespace k8scale::load
