#pragma once
#include <functional>
#include <string>

#include "k8scale/net/server.h"

namespace k8scale::apiserver {

/// Hands everything on, and keeps what the log will say of the answer.
class LoggedResponder : public net::Responder {
 public:
  explicit LoggedResponder(net::Responder& inner) : inner_(inner) {}

  net::Task<base::Result<void>> send(net::Response response) override;
  net::Task<base::Result<void>> begin(net::ResponseHead head) override;
  net::Task<base::Result<void>> write(std::string_view bytes) override;
  net::Task<base::Result<void>> finish() override { return inner_.finish(); }
  net::Task<base::Result<void>> send_cut_short(net::Response response, std::size_t bytes) override;
  void reset() override;
  void when_client_goes(const std::function<void()>& gone) override { inner_.when_client_goes(gone); }
  [[nodiscard]] bool stopping() const override { return inner_.stopping(); }

  /// "GET /version from 127.0.0.1: 200, 263 bytes".
  [[nodiscard]] std::string line(const net::ServerRequest& request) const;

 private:
  net::Responder& inner_;
  int status_ = 0;  // 0: none was sent
  std::size_t bytes_ = 0;
  std::string_view remark_;
};

}  // namespace k8scale::apiserver
