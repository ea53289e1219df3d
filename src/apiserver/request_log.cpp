#include "request_log.h"

#include <fmt/format.h>

namespace k8scale::apiserver {

net::Task<base::Result<void>> LoggedResponder::send(net::Response response) {
  status_ = response.status;
  bytes_ = response.body.size();
  return inner_.send(std::move(response));
}

net::Task<base::Result<void>> LoggedResponder::begin(net::ResponseHead head) {
  status_ = head.status;
  return inner_.begin(std::move(head));
}

net::Task<base::Result<void>> LoggedResponder::write(std::string_view bytes) {
  bytes_ += bytes.size();
  return inner_.write(bytes);
}

net::Task<base::Result<void>> LoggedResponder::send_cut_short(net::Response response, std::size_t bytes) {
  status_ = response.status;
  bytes_ = bytes;
  remark_ = ", cut short";
  return inner_.send_cut_short(std::move(response), bytes);
}

void LoggedResponder::reset() {
  remark_ = ", reset";
  inner_.reset();
}

std::string LoggedResponder::line(const net::ServerRequest& request) const {
  const std::string answer =
      status_ == 0 ? std::string("no answer") : fmt::format("{}, {} bytes", status_, bytes_);
  return fmt::format("{} {} from {}: {}{}", request.method, request.target, request.peer_address, answer,
                     remark_);
}

}  // namespace k8scale::apiserver
