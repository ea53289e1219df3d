#include "profile/stack_samples.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <sstream>

namespace k8scale::profile {
namespace {

constexpr std::int64_t nanoseconds_per_microsecond = 1000;

// The words of a profile, one after another.
class Words {
 public:
  explicit Words(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t left() const { return bytes_.size() / sizeof(std::uintptr_t); }
  std::uint64_t next() {
    std::uintptr_t word = 0;
    std::memcpy(&word, bytes_.data(), sizeof word);
    bytes_.remove_prefix(sizeof word);
    return word;
  }

 private:
  std::string_view bytes_;
};

// A return address is the instruction after the call.
std::uint64_t within_call(std::uint64_t address, std::size_t depth) {
  return depth == 0 ? address : address - 1;
}

// What a sample stands for when one was taken about every `period` bytes.
double scale_of(double count, double bytes, double period) {
  if (count <= 0 || bytes <= 0 || period <= 0) return 1;
  return 1 / (1 - std::exp(-(bytes / count) / period));
}

}  // namespace

Samples read_cpu_profile(std::string_view bytes) {
  Samples samples;
  samples.types = {{"samples", "count"}, {"cpu", "nanoseconds"}};
  samples.period_type = samples.types.back();
  Words words(bytes);
  if (words.left() < 5) return samples;
  words.next();  // 0
  const std::uint64_t header = words.next();
  words.next();  // version
  samples.period = static_cast<std::int64_t>(words.next()) * nanoseconds_per_microsecond;
  for (std::uint64_t i = 2; i < header && words.left() > 0; ++i) words.next();
  while (words.left() >= 3) {
    const std::uint64_t count = words.next();
    const std::uint64_t depth = words.next();
    if (count == 0 || depth > words.left()) break;  // the end
    StackSample stack;
    stack.values = {static_cast<std::int64_t>(count), static_cast<std::int64_t>(count) * samples.period};
    for (std::size_t i = 0; i < depth; ++i) stack.addresses.push_back(within_call(words.next(), i));
    samples.stacks.push_back(std::move(stack));
  }
  return samples;
}

Samples read_heap_sample(std::string_view text) {
  Samples samples;
  samples.types = {{"inuse_objects", "count"}, {"inuse_space", "bytes"}};
  samples.period_type = {"space", "bytes"};
  std::istringstream lines{std::string(text)};
  std::string line;
  std::getline(lines, line);
  const std::size_t version = line.find("heap_v2/");
  if (version != std::string::npos)
    samples.period = std::atoll(line.c_str() + version + std::strlen("heap_v2/"));
  while (std::getline(lines, line)) {
    long long count = 0, size = 0;
    const std::size_t at = line.find('@');
    if (at == std::string::npos || std::sscanf(line.c_str(), " %lld: %lld", &count, &size) != 2) break;
    const double scale =
        scale_of(static_cast<double>(count), static_cast<double>(size), static_cast<double>(samples.period));
    StackSample stack;
    stack.values = {std::llround(static_cast<double>(count) * scale),
                    std::llround(static_cast<double>(size) * scale)};
    std::istringstream addresses(line.substr(at + 1));
    std::string address;
    // malloc itself is not among them: each is a caller.
    while (addresses >> address) stack.addresses.push_back(within_call(std::stoull(address, nullptr, 16), 1));
    samples.stacks.push_back(std::move(stack));
  }
  return samples;
}

}  // namespace k8scale::profile
