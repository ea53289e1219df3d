#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "k8scale/net/server.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/wait.h"

namespace k8scale::kube::test {

/// What a reply does after its last piece.
enum class Then { finish, hold, reset };

struct Reply {
  int status = 200;
  std::vector<std::string> pieces;  ///< each its own chunk
  Then then = Then::finish;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> fields;

  Reply() = default;
  Reply(std::vector<std::string> all, Then after = Then::finish) : pieces(std::move(all)), then(after) {}
  Reply(int code, std::string body) : status(code), pieces{std::move(body)} {}
  Reply with(std::string name, std::string value) && {
    fields.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
  }
  Reply as(std::string type) && {
    content_type = std::move(type);
    return std::move(*this);
  }
};

/// Answers the k-th request with the k-th reply, and those after the last by saying nothing.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<Reply> replies, net::ServerOptions options = {})
      : replies_(std::move(replies)), shard_("server") {
    server_ = net::Server::listen(shard_, std::move(options),
                                  [this](const net::ServerRequest& request, net::Responder& responder) {
                                    return answer(request, responder);
                                  })
                  .value();
  }
  ~ScriptedServer() { shard_.run(server_->stop(base::Nanoseconds(0))); }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// The targets of all requests.
  [[nodiscard]] std::vector<std::string> targets() const {
    const std::lock_guard lock(mutex_);
    return targets_;
  }
  /// The Accept fields of all requests.
  [[nodiscard]] std::vector<std::string> accepts() const {
    const std::lock_guard lock(mutex_);
    return accepts_;
  }

 private:
  net::Task<void> answer(const net::ServerRequest& request, net::Responder& responder) {
    const Reply reply = take(request);
    net::ResponseHead head;
    head.status = reply.status;
    head.headers.add("Content-Type", reply.content_type);
    for (const auto& [name, value] : reply.fields) head.headers.add(name, value);
    base::Result<void> outcome = co_await responder.begin(head);
    for (std::size_t i = 0; i < reply.pieces.size() && outcome.has_value(); ++i) {
      outcome = co_await responder.write(reply.pieces[i]);
    }
    if (outcome.has_error()) co_return;
    if (reply.then == Then::reset) {
      responder.reset();
      co_return;
    }
    while (reply.then == Then::hold && !responder.stopping()) {
      co_await net::sleep_for(std::chrono::milliseconds(1));
    }
    outcome = co_await responder.finish();
  }

  Reply take(const net::ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    const std::size_t number = targets_.size();
    targets_.push_back(request.target);
    accepts_.emplace_back(request.headers.find("Accept").value_or(""));
    if (number < replies_.size()) return replies_[number];
    Reply silent;
    silent.then = Then::hold;
    return silent;
  }

  mutable std::mutex mutex_;
  std::vector<Reply> replies_;
  std::vector<std::string> targets_;
  std::vector<std::string> accepts_;
  net::Shard shard_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace k8scale::kube::test
