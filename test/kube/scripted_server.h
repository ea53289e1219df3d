#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "catch.h"
#include "k8scale/net/server.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/wait.h"

namespace k8scale::kube::test {

/// What a reply does after its last piece. `cut`: the connection ends though more was announced; `repeat`:
/// that piece comes again and again.
enum class Then { finish, hold, cut, repeat };

struct Reply {
  int status = 200;
  std::vector<std::string> pieces;  ///< each its own chunk
  Then then = Then::finish;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> fields;
  bool has_head = true;  ///< false: nothing is said at all

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
  static Reply silence() {
    Reply reply;
    reply.has_head = false;
    return reply;
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
  ~ScriptedServer() { shut_down(); }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  /// Nobody listens any more.
  void shut_down() {
    if (!server_) return;
    shard_.run(stop());
    server_.reset();
  }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// The targets of all requests.
  [[nodiscard]] std::vector<std::string> targets() const {
    const std::lock_guard lock(mutex_);
    return targets_;
  }
  /// When they came.
  [[nodiscard]] std::vector<base::SteadyTime> times() const {
    const std::lock_guard lock(mutex_);
    return times_;
  }
  /// Waits until so many requests have come.
  void wait_for_requests(std::size_t count) const {
    std::unique_lock lock(mutex_);
    const bool came =
        came_.wait_for(lock, std::chrono::seconds(20), [&] { return targets_.size() >= count; });
    lock.unlock();
    REQUIRE(came);
  }
  /// The Accept fields of all requests.
  [[nodiscard]] std::vector<std::string> accepts() const {
    const std::lock_guard lock(mutex_);
    return accepts_;
  }

 private:
  net::Task<void> stop() {
    stopping_.raise();
    co_await server_->stop(base::Nanoseconds(0));
  }

  net::Task<void> answer(const net::ServerRequest& request, net::Responder& responder) {
    const Reply reply = take(request);
    if (!reply.has_head) co_await stopping_.wait();
    net::ResponseHead head;
    head.status = reply.status;
    head.headers.add("Content-Type", reply.content_type);
    for (const auto& [name, value] : reply.fields) head.headers.add(name, value);
    if (reply.then == Then::cut) {
      co_await cut(reply, std::move(head), responder);
      co_return;
    }
    base::Result<void> outcome = co_await responder.begin(head);
    for (std::size_t i = 0; i < reply.pieces.size() && outcome.has_value(); ++i) {
      outcome = co_await responder.write(reply.pieces[i]);
    }
    if (outcome.has_error()) co_return;
    if (reply.then == Then::hold) co_await stopping_.wait();
    while (reply.then == Then::repeat && outcome.has_value() && !stopping_.raised()) {
      static_cast<void>(co_await stopping_.wait_until(std::chrono::steady_clock::now() + repeat_period));
      outcome = co_await responder.write(reply.pieces.back());
    }
    if (outcome.has_error()) co_return;
    outcome = co_await responder.finish();
  }

  static net::Task<void> cut(const Reply& reply, net::ResponseHead head, net::Responder& responder) {
    net::Response response;
    static_cast<net::ResponseHead&>(response) = std::move(head);
    for (const std::string& piece : reply.pieces) response.body += piece;
    const std::size_t size = response.body.size();
    response.body += "never sent";
    const base::Result<void> sent = co_await responder.send_cut_short(std::move(response), size);
    static_cast<void>(sent);
  }

  Reply take(const net::ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    const std::size_t number = targets_.size();
    targets_.push_back(request.target);
    times_.push_back(std::chrono::steady_clock::now());
    accepts_.emplace_back(request.headers.find("Accept").value_or(""));
    came_.notify_all();
    if (number < replies_.size()) return replies_[number];
    return Reply::silence();
  }

  static constexpr auto repeat_period = std::chrono::milliseconds(1);

  mutable std::mutex mutex_;
  mutable std::condition_variable came_;
  std::vector<Reply> replies_;
  std::vector<std::string> targets_;
  std::vector<base::SteadyTime> times_;
  std::vector<std::string> accepts_;
  net::Shard shard_;
  net::Signal stopping_{shard_};
  std::unique_ptr<net::Server> server_;
};

}  // namespace k8scale::kube::test
