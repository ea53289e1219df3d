#pragma once
#include <boost/intrusive/list.hpp>
#include <ctime>
#include <string>
#include <vector>

#include "blocks/block_source.h"
#include "blocks/server_connection.h"
#include "k8scale/blocks/server.h"
#include "k8scale/net/shard.h"

namespace k8scale::blocks {

/// What the connections of one thread of a server share. Belongs to its shard, the options aside.
struct ServerShard {
  ServerShard(int index, const ServerOptions& server_options)
      : options(server_options), received(16 * 1024), shard("serve", index) {}

  /// The figures, with those of connections that are open.
  [[nodiscard]] ServerFigures look() const;
  /// "Date: …\r\n", made anew once a second.
  [[nodiscard]] const std::string& date_line();

  const ServerOptions& options;
  std::shared_ptr<net::TlsServer> tls;  // null: plain HTTP
  /// The figures of all threads together.
  std::function<net::Task<ServerFigures>()> all_figures;
  BlockSource source;
  std::vector<char> received;  // one read's bytes; a connection takes over what it cannot use at once
  ServerFigures figures;
  boost::intrusive::list<ServerConnection, boost::intrusive::constant_time_size<false>> connections;

 private:
  std::time_t date_second_ = 0;
  std::string date_line_;

 public:
  net::Shard shard;  // goes first: coroutines that it still holds use the others
};

}  // namespace k8scale::blocks
