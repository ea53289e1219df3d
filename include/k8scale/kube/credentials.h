#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/kube/configuration.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/tls.h"

namespace k8scale::kube {

/// Who we are, at one time. Immutable, so that shards share it.
struct Credential {
  std::string authorization;            ///< value of the Authorization field, empty for none; a secret
  std::shared_ptr<net::TlsClient> tls;  ///< null for plain http
  base::SteadyTime expires = base::SteadyTime::max();  ///< it should be replaced before
  std::uint64_t generation = 0;                        ///< grows with each replacement
};

/// Keeps a run's credentials fresh: the files of a token and of a pod's authorities are read again every
/// minute, exec plugins are called again a minute before what they gave expires, and both when the server
/// says 401. All members are safe from any thread.
class Credentials {
 public:
  using Clock = std::function<base::SteadyTime()>;

  /// Reads files and runs the exec plugin, for up to a minute. Throws base::Error with exit code 20 and one
  /// line that says which of them cannot be used and why.
  [[nodiscard]] static std::shared_ptr<Credentials> load(const Configuration& configuration,
                                                         Clock clock = std::chrono::steady_clock::now);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  /// What to send now. When it is about to expire, its replacement is fetched meanwhile.
  [[nodiscard]] std::shared_ptr<const Credential> current();

  /// The server did not accept what has the generation `refused`: fetches a replacement, unless there is one
  /// already. False when there is none, or what was fetched is the same. Runs on `shard`, which is not
  /// blocked.
  [[nodiscard]] net::Task<bool> replace(net::Shard& shard, std::uint64_t refused);

  struct State;

 private:
  explicit Credentials(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace k8scale::kube
