#include "blocks/block_checker.h"

#include <algorithm>
#include <cstring>

namespace k8scale::blocks {
namespace {

// How many of the leading bytes are zero: all, or fewer. Bytes that equal their neighbours are all the same,
// which memcmp finds out faster than a loop.
std::size_t leading_zeros(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const bool all = bytes.front() == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
  return all ? bytes.size() : std::min(bytes.size(), bytes.find_first_not_of('\0'));
}

}  // namespace

bool BlockChecker::put(std::string_view bytes) {
  const std::string_view asked = bytes.substr(0, request_.bytes() - position_);
  return put_asked(asked) && asked.size() == bytes.size();
}

bool BlockChecker::put_asked(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::uint64_t within = position_ % request_.size;
    const std::uint64_t last = request_.size - 1;
    std::size_t good = 0;
    std::size_t wanted = 1;
    if (within == 0) {
      good = bytes.front() == 'A' ? 1 : 0;
    } else if (within == last) {
      good = bytes.front() == 'Z' ? 1 : 0;
    } else {
      wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), last - within));
      good = leading_zeros(bytes.substr(0, wanted));
    }
    position_ += good;
    if (good < wanted) return false;
    bytes.remove_prefix(wanted);
  }
  return true;
}

}  // namespace k8scale::blocks
