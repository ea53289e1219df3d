#include "k8scale/kube/protobuf_form.h"

#include <array>

#include "k8scale/kube/list_items.h"
#include "k8scale/kube/object_protobuf.h"
#include "k8scale/kube/resource_version.h"
#include "kube/protobuf_frames.h"

namespace k8scale::kube {
namespace {

using Known = ProtobufForm::Known;

constexpr int bad_request = 400;
constexpr int unauthorized = 401;
constexpr int forbidden = 403;
constexpr int method_not_allowed = 405;
constexpr int not_acceptable = 406;
constexpr int unsupported_media_type = 415;

// What a list tells; nothing when a create has to be tried.
std::optional<ProtobufForm> told_by_list(const Answer& answer) {
  if (answer.http_status == forbidden) return std::nullopt;
  if (answer.http_status == not_acceptable) return ProtobufForm{Known::no, answer.error()};
  if (!answer.ok()) return ProtobufForm{Known::unknown, answer.error()};
  if (!answer.body.starts_with(protobuf_magic)) return ProtobufForm{Known::no, "a list comes in JSON"};
  const std::optional<std::uint64_t> items = items_of_list(answer.body);
  if (!items) return ProtobufForm{Known::unknown, "what came is no list"};
  if (*items == 0) return std::nullopt;
  return ProtobufForm{Known::yes, {}};
}

// A Go type without the form is a bad request; some admission answers so too, which comes after reading. What
// is forbidden or not found will be so in the run, in whatever form.
ProtobufForm told_by_create(const Answer& answer) {
  if (answer.may_do_better()) return {Known::unknown, answer.error()};
  switch (answer.http_status) {
    case unauthorized:
    case method_not_allowed:
      return {Known::unknown, answer.error()};
    case not_acceptable:
    case unsupported_media_type:
      return {Known::no, answer.error()};
    case bad_request:
      if (answer.error().find("admission webhook") == std::string::npos) return {Known::no, answer.error()};
      return {Known::yes, {}};
    default:
      return {Known::yes, {}};
  }
}

}  // namespace

net::Task<ProtobufForm> find_protobuf_form(net::Shard& shard, const Configuration& configuration,
                                           std::shared_ptr<Credentials> credentials,
                                           const ClientOptions& options, const Collection& collection,
                                           std::string_view name) {
  ClientOptions in_protobuf = options;
  in_protobuf.encoding = Encoding::protobuf;
  Client client(shard, configuration, std::move(credentials), in_protobuf);
  const std::string one = "limit=1";
  Answer answer = co_await client.list(collection, one);
  std::optional<ProtobufForm> told = told_by_list(answer);
  if (told) co_return *told;
  const std::array labels = {TextPair("purpose", "scaletest")};
  ObjectFields fields;
  fields.name = name;
  fields.labels = labels;
  std::string body = encode_object(collection.resource(), fields);
  const std::string dry_run = "dryRun=All";
  answer = co_await client.create(collection, name, std::move(body), dry_run);
  ProtobufForm form = told_by_create(answer);
  const bool stored = answer.ok() && !resource_version_of(answer.body).empty();
  if (stored) answer = co_await client.remove(collection, name);
  co_return form;
}

}  // namespace k8scale::kube
