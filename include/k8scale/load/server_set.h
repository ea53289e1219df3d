#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "k8scale/base/random.h"
#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/load/crowd.h"

namespace k8scale::load {

/// How an operation gets its server: any; one after the other; the one with the fewest operations under way.
enum class Balance { random, round_robin, least_outstanding };
[[nodiscard]] std::optional<Balance> parse_balance(std::string_view text);

/// The API servers of a run as one shard uses them. Belongs to the shard.
///
/// Where there are several, one that cannot be reached, or that leaves three requests one after the other
/// without an answer in time, is left alone for a while, 0.8 s doubled with each failure up to 30 s, both
/// lengthened by a random part. Then one operation tries it, and unless that brings an answer it is left
/// alone again. Operations that get it meanwhile fail at once.
class ServerSet {
 public:
  struct Options {
    std::vector<kube::Configuration> servers;  ///< at least one
    std::shared_ptr<kube::Credentials> credentials;
    kube::ClientOptions client;
    Balance balance = Balance::random;
    std::function<base::SteadyTime()> now = std::chrono::steady_clock::now;
  };

  ServerSet(net::Shard& shard, const Options& options, base::Random random);

  [[nodiscard]] std::size_t size() const { return servers_.size(); }
  [[nodiscard]] kube::Client& client(std::size_t server) { return *servers_[server].client; }

  /// One operation's use of a server, from the choice to the answer.
  class Use {
   public:
    Use(ServerSet& set, std::size_t server);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    [[nodiscard]] std::size_t server() const { return server_; }
    [[nodiscard]] kube::Client& client() const { return set_.client(server_); }
    /// Why the server is not asked; nothing when it is.
    [[nodiscard]] const std::optional<base::Failure>& left_alone() const { return left_alone_; }
    /// To be called with what came of it, when the server was asked.
    void ended(const kube::Answer& answer);

   private:
    ServerSet& set_;
    std::size_t server_;
    std::optional<base::Failure> left_alone_;
    bool tries_ = false;  // it is the one that finds out whether the server is back
  };

  /// The server of the next operation.
  [[nodiscard]] std::size_t choose();

  /// One that is not left alone, unless all are: of these any of those with the fewest operations under way.
  [[nodiscard]] std::size_t choose_idlest();

  /// Opens connections until each server has `count` idle ones. What cannot be reached is logged, and left
  /// alone as above.
  [[nodiscard]] net::Task<void> prewarm(std::size_t count);
  void stop_retrying();
  /// Operations that waited because all connections to their server were in use.
  [[nodiscard]] std::uint64_t waited_for_limit() const;
  /// There is one when many wait at every server; `short_of_time` is the servers' mean.
  [[nodiscard]] Crowd crowd() const;

 private:
  struct Server {
    std::unique_ptr<kube::Client> client;
    std::size_t outstanding = 0;
    base::Nanoseconds pause{0};  // 0: it can be reached, for all that is known
    base::SteadyTime not_before;
    base::Failure last_failure;
    bool tried = false;  // an operation that finds out whether it is back is under way
    int timeouts = 0;    // of requests that were sent, since an answer came
    [[nodiscard]] bool is_left_alone(base::SteadyTime now) const {
      return pause > base::Nanoseconds(0) && (tried || now < not_before);
    }
  };
  [[nodiscard]] net::Task<void> prewarm(Server& server, std::size_t count);
  void leave_alone(Server& server, const base::Failure& failure);

  net::Shard& shard_;
  std::vector<Server> servers_;
  Balance balance_;
  std::function<base::SteadyTime()> now_;
  base::Random random_;
  std::size_t next_ = 0;
};

}  // namespace k8scale::load
