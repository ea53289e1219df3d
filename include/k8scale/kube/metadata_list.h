#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/kube/client.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"

/// Lists of what objects are called, without what they hold (PartialObjectMetadataList of meta/v1).
namespace k8scale::kube {

struct ObjectMetadata {
  std::string name;
  std::string namespace_name;  ///< empty: in none
  bool being_deleted = false;  ///< it has a deletionTimestamp: it goes when its finalizers have
  std::vector<std::string> finalizers;
};

struct MetadataPage {
  std::vector<ObjectMetadata> objects;
  std::string continue_token;  ///< for the next page; empty after the last one
};

/// What asking for a page came to.
struct MetadataAnswer {
  std::optional<base::Failure> failure;  ///< no whole answer came
  std::optional<Status> status;          ///< the server refused
  MetadataPage page;                     ///< when neither of these

  [[nodiscard]] bool ok() const { return !failure && !status; }
  /// As Answer::error.
  [[nodiscard]] std::string error() const;
};

struct MetadataRequest {
  std::string label_selector;
  std::uint64_t limit = 500;
  std::string continue_token;                 ///< of the page before; empty: the first page
  net::Cancellation* cancellation = nullptr;  ///< see net::Pool::open_stream
};

/// Asks for one page; whole objects will do where the server knows no PartialObjectMetadata. As with
/// Client::open_stream, only 401 is asked again. What is passed by reference must outlive the call.
[[nodiscard]] net::Task<MetadataAnswer> list_metadata(Client& client, const Collection& collection,
                                                      const MetadataRequest& request);

/// Reads a list in JSON; nothing when it is none.
[[nodiscard]] std::optional<MetadataPage> parse_metadata_page(std::string_view json);
/// Reads an object in JSON; nothing when it has no name, as a Status.
[[nodiscard]] std::optional<ObjectMetadata> parse_metadata(std::string_view json);

}  // namespace k8scale::kube
