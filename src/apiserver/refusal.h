#pragma once
#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json_text.h"
#include "resource_table.h"

/// Why a request is refused: what becomes a Status (meta/v1), with the words of kube-apiserver.
namespace k8scale::apiserver {

struct Cause {
  std::string reason;
  std::string message;
  std::string field;
};

struct Refusal {
  int code = 500;
  std::string reason;  ///< empty: none
  std::string message;
  std::string name;  ///< details
  std::string group;
  std::string kind;
  std::vector<Cause> causes;
  std::string continue_token;  ///< with which an expired list goes on
  int retry_after = -1;        ///< seconds; -1: none
  bool has_details = true;  ///< kube-apiserver leaves them out of what it refused before it knew the resource

  [[nodiscard]] Json status() const;
};

/// Called by `value()` on a refusal, which is a defect: `has_value()` comes first.
[[noreturn]] void throw_exception_from_error(const Refusal& refusal, const boost::source_location& where);

template <class T>
using Answer = boost::system::result<T, Refusal>;

[[nodiscard]] Refusal bad_request(std::string message);
[[nodiscard]] Refusal internal_error(std::string message);
[[nodiscard]] Refusal unauthorized();
/// There is no such resource, or no API at all.
[[nodiscard]] Refusal unknown_path();
[[nodiscard]] Refusal method_not_allowed();
[[nodiscard]] Refusal not_acceptable(std::string message);
[[nodiscard]] Refusal unsupported_media_type(std::string message);
/// `what` completes "Request entity too large: ".
[[nodiscard]] Refusal too_large(std::string_view what);
[[nodiscard]] Refusal too_many_requests();
/// `retry_after`: in seconds, -1 for none.
[[nodiscard]] Refusal injected_fault(int status, int retry_after);
[[nodiscard]] Refusal not_found(const ResourceInfo& resource, std::string_view name);
[[nodiscard]] Refusal already_exists(const ResourceInfo& resource, std::string_view name);
/// `what` completes "Operation cannot be fulfilled on RESOURCE "NAME": ".
[[nodiscard]] Refusal conflict(std::string_view qualified_resource, std::string_view name,
                               std::string_view what);
[[nodiscard]] Refusal forbidden(const ResourceInfo& resource, std::string_view name, std::string_view why);
[[nodiscard]] Refusal invalid(std::string_view group, std::string_view kind, std::string_view name,
                              std::vector<Cause> causes);
[[nodiscard]] Refusal expired(std::string message);
[[nodiscard]] Refusal version_too_large(std::uint64_t asked, std::uint64_t current);

/// Causes of `invalid`, as k8s.io/apimachinery/pkg/util/validation/field words them.
[[nodiscard]] Cause required(std::string field, std::string_view detail = {});
[[nodiscard]] Cause invalid_value(std::string field, std::string_view value, std::string_view detail);
[[nodiscard]] Cause forbidden_field(std::string field, std::string_view detail);
[[nodiscard]] Cause too_long(std::string field, std::size_t limit);
/// `supported`: as listed in the message, quoted.
[[nodiscard]] Cause not_supported(std::string field, std::string_view value, std::string_view supported);

}  // namespace k8scale::apiserver
