#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "k8scale/kube/client.h"
#include "k8scale/net/task.h"

namespace k8scale::kube {

/// Whether a server has a resource in protobuf.
struct ProtobufForm {
  enum class Known { yes, no, unknown };
  Known known = Known::unknown;
  std::string reason;  ///< unless yes: the server's words, or the failure
};

/// Asks for a list of one object and, when there is none or it may not be listed, for a create of `name` with
/// dryRun=All: aggregated servers write a list without objects in protobuf though the objects have no such
/// form, and kube-apiserver breaks the connection on a custom resource in protobuf. What a server stores all
/// the same is deleted. What is passed by reference must outlive the call.
[[nodiscard]] net::Task<ProtobufForm> find_protobuf_form(net::Shard& shard,
                                                         const Configuration& configuration,
                                                         std::shared_ptr<Credentials> credentials,
                                                         const ClientOptions& options,
                                                         const Collection& collection, std::string_view name);

}  // namespace k8scale::kube
