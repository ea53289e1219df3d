#include "blocks/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/text.h"

namespace k8scale::blocks {
namespace {

constexpr std::size_t shown_of_a_refusal = 200;
constexpr std::uint64_t longest_refusal = 64 * 1024;  // one without end would keep its connection for ever

// 101 changes the protocol, which nobody asked for.
bool is_interim(int status) { return status >= 100 && status < 200 && status != 101; }

}  // namespace

Answer::Answer(const BlocksRequest& request, std::uint64_t& bytes, BlockLateness& lateness)
    : request_(request), bytes_(bytes), lateness_(lateness), checker_(request) {
  await_head();
}

void Answer::await_head() {
  head_ = {};
  parser_ = std::make_unique<net::MessageParser>(head_, *this, net::MessageLimits{});
  final_begun_ = false;
}

base::Result<std::size_t> Answer::take(std::string_view bytes) {
  final_begun_ = true;
  base::Result<std::size_t> taken = parser_->put(bytes);
  if (parser_->done() && is_interim(head_.status)) await_head();
  return taken;
}

void Answer::set_now(base::SteadyTime now) {
  now_ = now;
  if (!begun()) first_byte_ = now;
}

bool Answer::put(std::string_view piece) {
  if (head_.status != 200) {
    refusal_ += piece.substr(0, shown_of_a_refusal - std::min(shown_of_a_refusal, refusal_.size()));
    refusal_bytes_ += piece.size();
    good_ = refusal_bytes_ <= longest_refusal;
    return good_;
  }
  const std::uint64_t first = checker_.begun();
  good_ = checker_.put(piece);
  bytes_ += piece.size();
  for (std::uint64_t block = first; block < checker_.begun() && request_.period.count() > 0; ++block) {
    lateness_.add(now_ - request_.period * static_cast<std::int64_t>(block));
  }
  return good_;
}

base::Failure Answer::refused() const {
  return {base::FailureKind::protocol,
          fmt::format("the server answered {} {}", head_.status, base::go_quote(base::trim(refusal_)))};
}

base::Failure Answer::wrong_bytes() const {
  if (head_.status != 200) return refused();
  if (position() == request_.bytes()) return too_long();
  return {base::FailureKind::protocol,
          fmt::format("the answer has a wrong byte at {} of {}", position(), request_.bytes())};
}

base::Failure Answer::too_long() const {
  const std::optional<std::string_view> length = head_.headers.find("Content-Length");
  const std::string bytes = length
                                ? std::string(*length)
                                : fmt::format("more than {}", request_.bytes());  // in chunks, or to the end
  return {base::FailureKind::protocol, fmt::format("the answer has {} bytes of {}", bytes, request_.bytes())};
}

base::Result<void> Answer::verdict() const {
  if (head_.status != 200) return refused();
  if (position() == request_.bytes()) return {};
  return base::Failure(base::FailureKind::protocol,
                       fmt::format("the answer has {} bytes of {}", position(), request_.bytes()));
}

}  // namespace k8scale::blocks
