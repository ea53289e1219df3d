#pragma once
#include <string>

#include "k8scale/kube/client.h"
#include "k8scale/net/task.h"

namespace k8scale::kube {

/// Whether a server has a resource in protobuf.
struct ProtobufForm {
  enum class Known { yes, no, unknown };
  Known known = Known::unknown;
  std::string reason;  ///< unless yes: the server's words, or the failure

  [[nodiscard]] static ProtobufForm there() { return {Known::yes, {}}; }
};

/// Asks for a list and, when that is empty, for a create with dryRun: aggregated servers can write a list
/// without objects in protobuf though the objects have no such form, and kube-apiserver breaks the connection
/// on a custom resource in protobuf. `client` is one whose encoding is protobuf. What is passed by reference
/// must outlive the call.
[[nodiscard]] net::Task<ProtobufForm> find_protobuf_form(Client& client, const Collection& collection);

}  // namespace k8scale::kube
