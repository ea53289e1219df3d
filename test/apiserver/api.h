#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/core.h"
#include "apiserver/handler.h"
#include "k8scale/apiserver/fault.h"
#include "k8scale/net/shard.h"

namespace k8scale::apiserver {

/// What a handler did with a request.
struct Reply {
  int status = 0;
  net::Headers headers;
  std::string text;
  Json body;  ///< null when `text` is not JSON
  bool reset = false;
  std::optional<std::size_t> cut_at;  ///< only so many bytes were sent

  [[nodiscard]] std::string_view reason() const { return text_member(body, "reason"); }
  [[nodiscard]] std::string_view message() const { return text_member(body, "message"); }
  /// details.causes as "FIELD: MESSAGE (REASON)".
  [[nodiscard]] std::vector<std::string> causes() const;
  /// The names of a list's items, or of a table's rows.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::string version() const { return body.at("metadata").at("resourceVersion"); }
};

struct ApiSetting {
  std::vector<Fault> faults;
  std::size_t max_in_flight = 0;
  EventWindow window;
  std::vector<kube::Resource> resources;
};

/// The API server without its network: an administrator's requests go straight to the handler.
class Api {
 public:
  explicit Api(const ApiSetting& setting = {});

  [[nodiscard]] Reply send(net::ServerRequest request);
  [[nodiscard]] std::vector<Reply> send_together(const std::vector<net::ServerRequest>& requests);

  [[nodiscard]] Reply get(const std::string& target, std::string_view accept = "application/json");
  Reply post(const std::string& target, const Json& object);
  Reply put(const std::string& target, const Json& object);
  Reply patch(const std::string& target, std::string_view type, std::string_view body);
  Reply remove(const std::string& target, std::string_view body = {});

  [[nodiscard]] Core& core() { return core_; }
  [[nodiscard]] net::Shard& shard() { return shard_; }
  [[nodiscard]] ApiHandler& handler() { return *handler_; }
  [[nodiscard]] std::uint64_t revision() const { return core_.store.revision(); }
  base::WallTime now = base::parse_rfc3339("2026-11-24T15:04:05Z").value();

 private:
  Core core_;
  net::Shard shard_{"apiserver"};
  std::unique_ptr<ApiHandler> handler_;
  net::StopFirst stop_first_{shard_};
};

/// A request as the administrator sends it.
[[nodiscard]] net::ServerRequest request(std::string method, std::string target, std::string body = {},
                                         std::string_view content_type = "application/json");

inline const std::string config_maps = "/api/v1/namespaces/default/configmaps";
inline constexpr std::string_view json_patch = "application/json-patch+json";
inline constexpr std::string_view merge_patch = "application/merge-patch+json";
inline constexpr std::string_view strategic_patch = "application/strategic-merge-patch+json";

[[nodiscard]] Json config_map(std::string_view name, Json data = Json::object(),
                              Json labels = Json::object());
using Names = std::vector<std::string>;

}  // namespace k8scale::apiserver
