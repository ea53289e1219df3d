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

bool serves(const ResourceTable& table, std::string_view group, std::string_view version) {
  const auto all = table.all();
  return std::any_of(all.begin(), all.end(), [&](const ResourceInfo& each) {
    return each.group == group && (each.version == version || (group.empty() && !version.empty()));
  });
}

// As Go's strconv.ParseBool.
bool is_true(std::string_view text) {
  return text == "true" || text == "1" || text == "True" || text == "TRUE" || text == "t" || text == "T";
}

std::optional<Verb> verb_for(std::string_view method, bool named, bool watches) {
  if (method == "GET") {
    if (watches) return Verb::watch;
    return named ? Verb::get : Verb::list;
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

std::string_view parameter(std::string_view media_type, std::string_view name) {
  while (true) {
    const std::size_t semicolon = media_type.find(';');
    if (semicolon == std::string_view::npos) return {};
    media_type.remove_prefix(semicolon + 1);
    const std::string_view each = base::trim(media_type.substr(0, media_type.find(';')));
    if (each.size() > name.size() && each.starts_with(name) && each[name.size()] == '=') {
      return each.substr(name.size() + 1);
    }
  }
}

std::optional<View> view_of(std::string_view media_type, bool collection) {
  const std::string_view type = base::trim(media_type.substr(0, media_type.find(';')));
  const bool json = type == "application/json" || type == "*/*" || type == "application/*";
  const std::string_view stream = parameter(media_type, "stream");
  if (!json || (!stream.empty() && stream != "watch")) return std::nullopt;
  const std::string_view as = parameter(media_type, "as");
  if (as.empty()) return View::object;
  if (parameter(media_type, "g") != "meta.k8s.io" || parameter(media_type, "v") != "v1") return std::nullopt;
  if (as == "Table") return View::table;
  if (as == (collection ? "PartialObjectMetadataList" : "PartialObjectMetadata")) return View::metadata_only;
  return std::nullopt;
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

CallPath read_path(const ResourceTable& table, std::string_view path) {
  CallPath call;
  const std::string root = take_part(path);
  const std::string group = root == "apis" ? take_part(path) : "";
  const std::string version = take_part(path);
  if ((root != "api" && root != "apis") || (root == "apis") == group.empty()) return call;
  call.root_found = serves(table, group, version);
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

std::optional<View> accepted_view(std::string_view accept, bool collection) {
  if (accept.empty() || accept == "application/json" || accept == "*/*") return View::object;
  while (!accept.empty()) {
    const std::size_t comma = accept.find(',');
    if (const auto view = view_of(accept.substr(0, comma), collection)) return view;
    accept.remove_prefix(comma == std::string_view::npos ? accept.size() : comma + 1);
  }
  return std::nullopt;
}

Answer<Call> read_call(const ResourceTable& table, const net::Request& request) {
  const auto [path_text, query] = net::split_target(request.target);
  CallPath path = read_path(table, path_text);
  if (!path.root_found) return unknown_path();
  if (path.resource == nullptr || path.has_subresource) return unknown_resource();
  Call call;
  call.resource = path.resource;
  call.namespace_name = std::move(path.namespace_name);
  call.name = std::move(path.name);
  if (!query.empty()) call.query = net::query_values(query);
  const std::optional<Verb> verb =
      verb_for(request.method, !call.name.empty(), is_true(call.option("watch")));
  if (!verb) return method_not_allowed();
  call.verb = *verb;
  if (!is_served(call)) return method_not_allowed();
  const bool collection = call.verb != Verb::get && call.name.empty() && call.verb != Verb::create;
  const std::optional<View> view = accepted_view(request.headers.find("Accept").value_or(""), collection);
  if (!view) return not_acceptable("only the following media types are accepted: application/json");
  call.view = *view;
  call.body = request.body;
  const std::string_view content_type = request.headers.find("Content-Type").value_or("");
  call.content_type = base::trim(content_type.substr(0, content_type.find(';')));
  return call;
}

}  // namespace k8scale::apiserver
