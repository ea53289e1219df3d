#include "k8scale/kube/metadata_list.h"

#include "kube/json_member.h"
#include "kube/list_watch_query.h"

namespace k8scale::kube {
namespace {

using Json = nlohmann::json;

constexpr auto longest_silence = std::chrono::seconds(60);

ObjectMetadata metadata_of(const Json& object) {
  const Json& metadata = member(object, "metadata");
  ObjectMetadata read;
  read.name = text_member(metadata, "name");
  read.namespace_name = text_member(metadata, "namespace");
  read.being_deleted = !text_member(metadata, "deletionTimestamp").empty();
  for (const Json& each : member(metadata, "finalizers")) {
    if (each.is_string()) read.finalizers.push_back(each.get<std::string>());
  }
  return read;
}

net::Task<base::Result<std::string>> read_all(net::ResponseStream& stream) {
  std::string body;
  while (true) {
    const base::Result<std::string_view> bytes = co_await stream.read_some(longest_silence);
    if (bytes.has_error()) co_return bytes.error();
    if (bytes->empty()) co_return std::move(body);
    body += *bytes;
  }
}

}  // namespace

std::string MetadataAnswer::error() const {
  if (failure) return failure->message();
  return status ? status->text() : std::string();
}

std::optional<ObjectMetadata> parse_metadata(std::string_view json) {
  ObjectMetadata read = metadata_of(Json::parse(json, nullptr, false));
  if (read.name.empty()) return std::nullopt;
  return read;
}

std::optional<MetadataPage> parse_metadata_page(std::string_view json) {
  const Json list = Json::parse(json, nullptr, false);
  if (!text_member(list, "kind").ends_with("List")) return std::nullopt;
  MetadataPage page;
  page.continue_token = text_member(member(list, "metadata"), "continue");
  for (const Json& each : member(list, "items")) {
    ObjectMetadata read = metadata_of(each);
    if (read.name.empty()) return std::nullopt;
    page.objects.push_back(std::move(read));
  }
  return page;
}

net::Task<MetadataAnswer> list_metadata(Client& client, const Collection& collection,
                                        const MetadataRequest& request) {
  ReflectorOptions selection;
  selection.label_selector = request.label_selector;
  ListStart start;
  start.limit = request.limit;
  start.continue_token = request.continue_token;
  StreamRequest opening;
  opening.query = list_query(selection, start);
  opening.accept = accept_list(Encoding::json, true);
  opening.cancellation = request.cancellation;
  MetadataAnswer answer;
  StreamAnswer opened = co_await client.open_stream(collection, opening);
  answer.failure = std::move(opened.failure);
  answer.status = std::move(opened.status);
  if (!answer.ok()) co_return std::move(answer);
  const base::Result<std::string> body = co_await read_all(*opened.stream);
  if (body.has_error()) {
    answer.failure = body.error();
    co_return std::move(answer);
  }
  std::optional<MetadataPage> page = parse_metadata_page(*body);
  if (page) {
    answer.page = std::move(*page);
  } else {
    answer.failure = base::Failure(base::FailureKind::protocol, "the answer is no list in JSON");
  }
  co_return std::move(answer);
}

}  // namespace k8scale::kube
