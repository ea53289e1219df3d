#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "k8scale/base/result.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"

namespace k8scale::net {

/// Finds the addresses of names. The system's resolver blocks its thread, for minutes when no name server
/// answers, and cannot be told to stop: each lookup has a thread of its own, which nobody waits for once it
/// is given up. Belongs to its shard.
class NameLookup {
 public:
  explicit NameLookup(Shard& shard);
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  /// An address is its own name. A failure is of kind resolve, or cancelled by `give_up`. One at a time.
  [[nodiscard]] Task<base::Result<std::vector<boost::asio::ip::tcp::endpoint>>> find(std::string host,
                                                                                     std::uint16_t port);
  void give_up();

 private:
  struct State;

  Shard& shard_;
  Signal done_;
  std::shared_ptr<State> state_;
};

}  // namespace k8scale::net
