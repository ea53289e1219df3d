#pragma once
#include <map>
#include <mutex>
#include <string>

#include "k8scale/net/tls.h"
#include "k8scale/net/url.h"
#include "net/openssl.h"

namespace k8scale::net {

struct TlsClient::State {
  openssl::Context context;
  std::string server_name;
  bool verify = true;
  bool resume = true;
  std::shared_ptr<KeyLog> key_log;  // which the context points to
  std::mutex mutex;                 // taken for each new connection and each ticket, by any shard
  std::map<std::string, openssl::Session> sessions;  // the last of each server

  /// A connection that is about to say hello to `endpoint`; it has no BIO yet.
  [[nodiscard]] openssl::Connection connect(const Endpoint& endpoint);
  void keep(const std::string& server, openssl::Session session);
};

}  // namespace k8scale::net
