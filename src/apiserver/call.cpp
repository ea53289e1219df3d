#include "call.h"

#include <algorithm>
#include <array>

#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

constexpr std::array<std::pair<Verb, std::string_view>, 8> verb_names = {
    {{Verb::get, "get"},
     {Verb::list, "list"},
     {Verb::watch, "watch"},
     {Verb::create, "create"},
     {Verb::update, "update"},
     {Verb::patch, "patch"},
     {Verb::remove, "delete"},
     {Verb::remove_collection, "deletecollection"}}};

// The next part of a path, which loses it; percent escapes are undone.
std::string take_part(std::string_view& path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  const std::string_view part = path.substr(0, slash);
  path.remove_prefix(part.size());
  if (part.find('%') == std::string_view::npos) return std::string(part);
  return base::percent_decode(part).value_or(std::string(part));
}

std::optional<Verb> verb_for(std::string_view method, bool named, bool watches) {
  if (method == "GET") {
    if (named) return Verb::get;
    return watches ? Verb::watch : Verb::list;
  }
  if (method == "POST" && !named) return Verb::create;
  if (method == "PUT" && named) return Verb::update;
  if (method == "PATCH" && named) return Verb::patch;
  if (method == "DELETE") return named ? Verb::remove : Verb::remove_collection;
  return std::nullopt;
}

// A create needs its namespace; a cluster-wide collection of namespaced objects can only be read.
bool is_served(const Call& call) {
  const ResourceInfo& resource = *call.resource;
  const bool across = resource.namespaced && call.namespace_name.empty();
  if (call.verb == Verb::create) return !across;
  return call.verb != Verb::remove_collection || (resource.deletes_collection && !across);
}

AnswerKind answer_kind(const Call& call) {
  if (call.verb == Verb::watch) return AnswerKind::stream;
  const bool lists = call.verb == Verb::list || call.verb == Verb::remove_collection;
  return lists ? AnswerKind::collection : AnswerKind::object;
}

}  // namespace

std::string_view name(Verb verb) {
  return std::find_if(verb_names.begin(), verb_names.end(), [&](auto& each) { return each.first == verb; })
      ->second;
}

std::optional<Verb> verb_of(std::string_view name) {
  const auto found =
      std::find_if(verb_names.begin(), verb_names.end(), [&](auto& each) { return each.second == name; });
  if (found == verb_names.end()) return std::nullopt;
  return found->first;
}

std::string_view Call::option(std::string_view name) const {
  const auto found =
      std::find_if(query.begin(), query.end(), [&](const auto& each) { return each.first == name; });
  return found == query.end() ? std::string_view() : std::string_view(found->second);
}

bool Call::has_option(std::string_view name) const {
  return std::any_of(query.begin(), query.end(), [&](const auto& each) { return each.first == name; });
}

bool Call::flag(std::string_view name) const {
  const std::string_view value = option(name);
  return has_option(name) && value != "0" && !base::equals_ignoring_case(value, "false");
}

CallPath read_path(const ResourceTable& table, std::string_view path) {
  CallPath call;
  const std::string root = take_part(path);
  const std::string group = root == "apis" ? take_part(path) : "";
  const std::string version = take_part(path);
  if ((root != "api" && root != "apis") || (root == "apis") == group.empty()) return call;
  std::string plural = take_part(path);
  std::string name = take_part(path);
  const bool has_namespace = plural == "namespaces" && !name.empty() && path.size() > 1;
  if (has_namespace) {
    std::string_view rest = path;
    const std::string inner = take_part(rest);
    // Under /namespaces/NAME comes a resource; what is none would be a subresource of the namespace.
    if (const ResourceInfo* found = table.find(group, version, inner);
        found != nullptr && found->namespaced) {
      call.namespace_name = std::move(name);
      plural = inner;
      path = rest;
      name = take_part(path);
    }
  }
  call.resource = table.find(group, version, plural);
  call.name = std::move(name);
  call.has_subresource = path.size() > 1;
  const bool cluster_scoped_in_namespace =
      call.resource != nullptr && !call.resource->namespaced && !call.namespace_name.empty();
  const bool named_without_namespace = call.resource != nullptr && call.resource->namespaced &&
                                       call.namespace_name.empty() && !call.name.empty();
  if (cluster_scoped_in_namespace || named_without_namespace) call.resource = nullptr;
  return call;
}

Answer<Call> read_call(const ResourceTable& table, const net::Request& request) {
  const auto [path_text, query] = net::split_target(request.target);
  CallPath path = read_path(table, path_text);
  if (path.resource == nullptr || path.has_subresource) return unknown_path();
  Call call;
  call.resource = path.resource;
  call.namespace_name = std::move(path.namespace_name);
  call.name = std::move(path.name);
  if (!query.empty()) call.query = net::query_values(query);
  const std::optional<Verb> verb = verb_for(request.method, !call.name.empty(), call.flag("watch"));
  if (!verb) return method_not_allowed();
  call.verb = *verb;
  if (!is_served(call)) return method_not_allowed();
  const AnswerKind kind = answer_kind(call);
  const std::string_view accept = request.headers.find("Accept").value_or("");
  const std::optional<Form> form = accepted_form(accept, kind, call.resource->has_protobuf());
  if (!form) return not_acceptable(accepted_types(kind, call.resource->has_protobuf()));
  call.view = form->view;
  if (call.view == View::table) {
    const std::string_view rows = call.option("includeObject");
    if (!rows.empty() && rows != "None" && rows != "Metadata" && rows != "Object") {
      return bad_request("Unable to convert to Table as requested: includeObject: Invalid value: " +
                         base::go_quote(rows) + ": must be 'Metadata', 'Object', 'None', or empty");
    }
  }
  call.encoding = form->encoding;
  call.takes_gzip = accepts_gzip(request.headers.find("Accept-Encoding").value_or(""));
  call.body = request.body;
  const std::string_view content_type = request.headers.find("Content-Type").value_or("");
  call.content_type = base::trim(content_type.substr(0, content_type.find(';')));
  return call;
}

}  // namespace k8scale::apiserver
