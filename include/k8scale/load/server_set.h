#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "k8scale/base/random.h"
#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"

namespace k8scale::load {

/// How an operation gets its server: any; one after the other; the one with the fewest operations under way.
enum class Balance { random, round_robin, least_outstanding };
[[nodiscard]] std::optional<Balance> parse_balance(std::string_view text);

/// The API servers of a run as one shard uses them. Belongs to the shard.
///
/// Where there are several, one that cannot be reached is left alone for a while, 0.8 s doubled with each
/// failure up to 30 s, both lengthened by a random part: operations that get it meanwhile fail at once.
class ServerSet {
 public:
  struct Options {
    std::vector<kube::Configuration> servers;  ///< at least one
    std::shared_ptr<kube::Credentials> credentials;
    kube::ClientOptions client;
    Balance balance = Balance::random;
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
    /// Why the server is not asked now; nothing when it is.
    [[nodiscard]] std::optional<base::Failure> left_alone() const;
    /// To be called with what came of it.
    void ended(const kube::Answer& answer);

   private:
    ServerSet& set_;
    std::size_t server_;
  };

  /// The server of the next operation.
  [[nodiscard]] std::size_t choose();

  /// Opens connections until each server has `count` idle ones; what cannot be reached is logged.
  [[nodiscard]] net::Task<void> prewarm(std::size_t count);
  void stop_retrying();
  /// Operations that waited because all connections to their server were in use.
  [[nodiscard]] std::uint64_t waited_for_limit() const;

 private:
  struct Server {
    std::unique_ptr<kube::Client> client;
    std::size_t outstanding = 0;
    base::Nanoseconds pause{0};
    base::SteadyTime not_before;
    base::Failure last_failure;
  };
  [[nodiscard]] std::size_t least_outstanding();

  std::vector<Server> servers_;
  Balance balance_;
  base::Random random_;
  std::size_t next_ = 0;
};

}  // namespace k8scale::load
