// What the store says to a call, as an answer of HTTP.
#include <fmt/format.h>

#include "answers.h"
#include "handler.h"
#include "k8scale/base/gzip.h"
#include "preparation.h"

namespace k8scale::apiserver {
namespace {

void add_warnings(net::Response& response, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    std::string escaped;
    for (const char c : warning) {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
    response.headers.add("Warning", fmt::format("299 - \"{}\"", escaped));
  }
}

// Reads are compressed for clients that ask for it, where it pays.
net::Response compressed(const Call& call, net::Response response) {
  constexpr std::size_t least = 128 * 1024;
  if (!call.takes_gzip || response.body.size() <= least) return response;
  response.body = base::gzip(response.body, base::GzipEffort::fast);  // as kube-apiserver
  response.headers.add("Content-Encoding", "gzip");
  response.headers.add("Vary", "Accept-Encoding");
  return response;
}

}  // namespace

net::Response ApiHandler::answer_to(const Call& call) {
  net::Response response = perform(call);
  if (!call.resource->deprecation.empty()) add_warnings(response, {call.resource->deprecation});
  return response;
}

net::Response ApiHandler::perform(const Call& call) {
  switch (call.verb) {
    case Verb::get:
      return read_one(call);
    case Verb::list:
      return read_list(call);
    case Verb::create:
      return written(call, create(core_, call), 201);
    case Verb::update:
      return written(call, update(core_, call), 200);
    case Verb::patch:
      return written(call, patch(core_, call), 200);
    case Verb::remove:
      return written(call, remove(core_, call), 200);
    case Verb::remove_collection:
      return removed_collection(call);
    case Verb::watch:
      break;
  }
  return refusal_answer(method_not_allowed());
}

net::Response ApiHandler::read_one(const Call& call) {
  const std::size_t index = core_.table.index_of(*call.resource);
  const ObjectPointer object = core_.store.find(index, {call.namespace_name, call.name});
  if (const auto readable = check_version(core_, call); !readable) {
    return refusal_answer(readable.error(), call.encoding);
  }
  if (!object) return refusal_answer(not_found(*call.resource, call.name), call.encoding);
  return compressed(call, call_answer(call, 200, object_body(core_, call, object)));
}

net::Response ApiHandler::read_list(const Call& call) {
  const Answer<List> found = list(core_, call);
  if (!found) return refusal_answer(found.error(), call.encoding);
  return compressed(call, call_answer(call, 200, list_body(core_, call, *found)));
}

net::Response ApiHandler::removed_collection(const Call& call) {
  const Answer<List> removed = remove_collection(core_, call);
  if (!removed) return refusal_answer(removed.error(), call.encoding);
  return call_answer(call, 200, list_body(core_, call, *removed));
}

net::Response ApiHandler::written(const Call& call, const Answer<Written>& outcome, int status) {
  if (!outcome) return refusal_answer(outcome.error(), call.encoding);
  if (outcome->created) status = 201;
  const ObjectPointer& object = outcome->object;
  net::Response response = call_answer(
      call, status, outcome->gone ? deleted_body(core_, call, *object) : object_body(core_, call, object));
  add_warnings(response, outcome->warnings);
  return response;
}

net::Response ApiHandler::call_answer(const Call& call, int status, std::string body) {
  return answer(status, content_type(call.encoding, AnswerKind::object), std::move(body));
}

net::Response ApiHandler::answer(int status, std::string_view type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.add("Audit-Id", make_uid(random_));
  response.headers.add("Cache-Control", "no-cache, private");
  response.headers.add("Content-Type", type);
  response.headers.add("X-Kubernetes-Pf-Flowschema-Uid", flow_schema_);
  response.headers.add("X-Kubernetes-Pf-Prioritylevel-Uid", priority_level_);
  response.body = std::move(body);
  return response;
}

net::Response ApiHandler::refusal_answer(const Refusal& refusal, Encoding encoding) {
  net::Response response = answer(refusal.code, content_type(encoding, AnswerKind::object),
                                  document_body(core_, encoding, refusal.status()));
  if (refusal.retry_after >= 0) {
    response.headers.add("Retry-After", std::to_string(refusal.retry_after));
  }
  return response;
}

net::Response transport_refusal(int status, std::string_view reason, std::size_t body_limit) {
  Refusal refusal =
      status == 413 ? too_large(fmt::format("limit is {}", body_limit)) : bad_request(std::string(reason));
  refusal.code = status;
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = to_text(refusal.status());
  return response;
}

}  // namespace k8scale::apiserver
