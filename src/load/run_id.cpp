#include "k8scale/load/run_id.h"

#include <fmt/chrono.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <system_error>

#include "k8scale/base/error.h"
#include "k8scale/base/number.h"
#include "k8scale/base/text.h"

namespace k8scale::load {
namespace {

constexpr std::string_view punctuation = "-!@#$%^&()+=";
constexpr std::string_view run_id_place = "{{.RunID}}";
constexpr int bad_run_id = 1;
constexpr int bad_data_file = 5;
constexpr int name_too_long = 17;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_one_of(char c, std::string_view others) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || others.find(c) != std::string_view::npos;
}

bool consists_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return is_one_of(c, others); });
}

// RFC 1123: dot-separated labels of lower-case letters, digits and "-", the latter not at an end. The last
// label goes on after the run ID.
bool begins_object_name(std::string_view run_id) {
  char before = '.';
  for (const char c : run_id) {
    const bool allowed =
        is_lower_or_digit(c) || (c == '-' && before != '.') || (c == '.' && is_lower_or_digit(before));
    if (!allowed) return false;
    before = c;
  }
  return before != '.';
}

}  // namespace

std::string default_run_id(base::WallTime now, base::Random& random) {
  const std::tm local = fmt::localtime(std::chrono::system_clock::to_time_t(now));
  return fmt::format("{:%m%d.%H%M}.{:04}", local, random.below(10'000));
}

void check_run_id(std::string_view run_id, std::size_t name_suffix) {
  if (!begins_object_name(run_id)) {
    throw base::Error(
        fmt::format(
            "-runid: found {}, expected what can begin a Kubernetes object name: lower-case letters, "
            "digits, \"-\" and \".\", with a letter or digit in front and on both sides of each \".\"",
            base::go_quote(run_id)),
        bad_run_id);
  }
  constexpr std::size_t longest_name = 253;
  if (run_id.size() + name_suffix > longest_name) {
    throw base::Error(
        fmt::format("-runid: found {} characters, expected at most {}, so that object names have "
                    "at most {}",
                    run_id.size(), longest_name - name_suffix, longest_name),
        name_too_long);
  }
}

std::filesystem::path data_file_name(std::string_view pattern, std::string_view run_id) {
  std::string name(pattern);
  for (std::size_t at = name.find(run_id_place); at != std::string::npos;
       at = name.find(run_id_place, at + run_id.size())) {
    name.replace(at, run_id_place.size(), run_id);
  }
  const std::string others = std::string(punctuation) + "./";
  if (name.empty() || !consists_of(name, others)) {
    throw base::Error(fmt::format("-datafile: found {}, expected a file name of letters, digits and {}",
                                  base::go_quote(name), others),
                      bad_data_file);
  }
  return name;
}

ObjectNames::ObjectNames(std::string_view run_id, std::uint64_t largest_number, std::size_t more_digits)
    : prefix_(std::string(run_id) + "-"), digits_(name_suffix_length(largest_number) - 1 + more_digits) {}

std::string ObjectNames::name(std::uint64_t number) const {
  return fmt::format(FMT_COMPILE("{}{:0{}}"), prefix_, number, digits_);
}

std::uint64_t ObjectNames::number(std::string_view name) const {
  if (name.size() < prefix_.size() + digits_ || !name.starts_with(prefix_)) return 0;
  const std::string_view digits = name.substr(prefix_.size());
  if (digits.size() > digits_ && digits.front() == '0') return 0;
  return base::parse_number<std::uint64_t>(digits).value_or(0);
}

std::size_t name_suffix_length(std::uint64_t largest_number) {
  return 1 + std::to_string(largest_number).size();
}

}  // namespace k8scale::load
