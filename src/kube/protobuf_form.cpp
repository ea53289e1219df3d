#include "k8scale/kube/protobuf_form.h"

#include "k8scale/kube/list_items.h"
#include "k8scale/kube/object_protobuf.h"
#include "kube/protobuf_frames.h"

namespace k8scale::kube {
namespace {

constexpr int bad_request = 400;  // how a Go type without protobuf refuses it
constexpr int not_acceptable = 406;
constexpr int unsupported_media_type = 415;

}  // namespace

net::Task<ProtobufForm> find_protobuf_form(Client& client, const Collection& collection) {
  using Known = ProtobufForm::Known;
  const std::string one = "limit=1";
  Answer answer = co_await client.list(collection, one);
  if (answer.http_status == not_acceptable) co_return ProtobufForm{Known::no, answer.error()};
  if (!answer.ok()) co_return ProtobufForm{Known::unknown, answer.error()};
  if (!answer.body.starts_with(protobuf_magic)) co_return ProtobufForm{Known::no, "it lists them in JSON"};
  if (items_of_list(answer.body).value_or(0) > 0) co_return ProtobufForm::there();
  const std::string name = "k8scale-dry-run";
  const std::string dry_run = "dryRun=All";
  ObjectFields fields;
  fields.name = name;
  answer = co_await client.create(collection, name, encode_object(collection.resource(), fields), dry_run);
  if (answer.failure) co_return ProtobufForm{Known::unknown, answer.error()};
  const int code = answer.http_status;
  const bool refused = code == bad_request || code == not_acceptable || code == unsupported_media_type;
  if (refused) co_return ProtobufForm{Known::no, answer.error()};
  co_return ProtobufForm::there();
}

}  // namespace k8scale::kube
