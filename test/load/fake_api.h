#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/load/object_operations.h"
#include "k8scale/load/server_set.h"
#include "k8scale/net/server.h"

namespace k8scale::load {

inline const std::string maps = "/api/v1/namespaces/space/configmaps";

/// A server without TLS that answers as it is told, and its one client.
class FakeApi {
 public:
  /// Runs on the server's thread. Status 0 resets the connection.
  using Script = std::function<net::Response(const net::ServerRequest&)>;
  explicit FakeApi(Script script);
  ~FakeApi();

  /// "POST /api/v1/…", in the order in which they came.
  [[nodiscard]] std::vector<std::string> requests() const;
  [[nodiscard]] std::size_t count(std::string_view method) const;

  net::Shard shard{"client"};
  std::optional<ServerSet> servers;
  [[nodiscard]] kube::Configuration configuration() const;

 private:
  net::Task<void> answer(const net::ServerRequest& request, net::Responder& responder);

  Script script_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  net::Shard server_shard_{"server"};
  std::unique_ptr<net::Server> server_;
};

/// What answers a FakeApi when a test may put something else in its place.
class ScriptedAnswers {
 public:
  virtual ~ScriptedAnswers() = default;
  [[nodiscard]] net::Response answer(const net::ServerRequest& request);
  [[nodiscard]] virtual net::Response serve(const net::ServerRequest& request) = 0;

  std::function<std::optional<net::Response>(const net::ServerRequest&)> instead;  ///< nothing: `serve`
};

/// ConfigMaps "r-1" … in namespace "space", with `data_length` bytes of data each.
[[nodiscard]] std::shared_ptr<const ObjectFamily> config_map_family(std::size_t data_length = 0);

[[nodiscard]] net::Response reply(int status, std::string body = "{}");

/// A new folder of its own, which goes with it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace k8scale::load
