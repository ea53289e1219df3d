#include "media_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view protobuf_type = "application/vnd.kubernetes.protobuf";
constexpr std::string_view protobuf_stream_type = "application/vnd.kubernetes.protobuf;stream=watch";

// The value of "name=value" among what follows the first semicolon.
std::string_view parameter(std::string_view text, std::string_view name) {
  while (true) {
    const std::size_t semicolon = text.find(';');
    if (semicolon == std::string_view::npos) return {};
    text.remove_prefix(semicolon + 1);
    const std::string_view each = base::trim(text.substr(0, text.find(';')));
    if (each.size() > name.size() && each.starts_with(name) && each[name.size()] == '=') {
      return each.substr(name.size() + 1);
    }
  }
}

std::string_view without_parameters(std::string_view text) {
  return base::trim(text.substr(0, text.find(';')));
}

double quality(std::string_view text) {
  const std::string value(parameter(text, "q"));
  return value.empty() ? 1 : std::strtod(value.c_str(), nullptr);
}

// The elements of a field, the most liked first; those that are not liked at all are left out.
std::vector<std::string> by_quality(std::string_view field) {
  std::vector<std::string> all = base::split(field, ',');
  std::erase_if(all, [](const std::string& each) { return quality(each) <= 0; });
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return quality(a) > quality(b); });
  return all;
}

std::optional<View> view_of(std::string_view media_type, AnswerKind kind) {
  const std::string_view as = parameter(media_type, "as");
  if (as.empty()) return View::object;
  if (parameter(media_type, "g") != "meta.k8s.io" || parameter(media_type, "v") != "v1") return std::nullopt;
  if (as == "Table") return View::table;
  // What a stream carries are single objects, but real servers take both names for them.
  const bool one = as == "PartialObjectMetadata" && kind != AnswerKind::collection;
  const bool many = as == "PartialObjectMetadataList" && kind != AnswerKind::object;
  if (one || many) return View::metadata_only;
  return std::nullopt;
}

std::optional<Form> form_of(std::string_view media_type, AnswerKind kind, bool has_protobuf) {
  const std::string_view type = without_parameters(media_type);
  const std::string_view stream = parameter(media_type, "stream");
  if (!stream.empty() && stream != "watch") return std::nullopt;
  const std::optional<View> view = view_of(media_type, kind);
  if (!view) return std::nullopt;
  if (type == json_type || type == "*/*" || type == "application/*") return Form{*view, Encoding::json};
  const bool encodes = *view == View::metadata_only || (*view == View::object && has_protobuf);
  if (type == protobuf_type && encodes) return Form{*view, Encoding::protobuf};
  return std::nullopt;
}

}  // namespace

std::optional<Form> accepted_form(std::string_view accept, AnswerKind kind, bool has_protobuf) {
  if (accept.empty() || accept == json_type || accept == "*/*") return Form();
  for (const std::string& each : by_quality(accept)) {
    if (const auto form = form_of(each, kind, has_protobuf)) return form;
  }
  return std::nullopt;
}

std::string accepted_types(AnswerKind kind, bool has_protobuf) {
  const std::string_view suffix = kind == AnswerKind::stream ? ";stream=watch" : "";
  std::string text = fmt::format("only the following media types are accepted: {}{}", json_type, suffix);
  if (has_protobuf) text += fmt::format(", {}{}", protobuf_type, suffix);
  return text;
}

std::string_view content_type(Encoding encoding, AnswerKind kind) {
  if (encoding == Encoding::json) return json_type;
  return kind == AnswerKind::stream ? protobuf_stream_type : protobuf_type;
}

bool accepts_gzip(std::string_view accept_encoding) {
  const auto all = by_quality(accept_encoding);
  return std::any_of(all.begin(), all.end(),
                     [](const std::string& each) { return without_parameters(each) == "gzip"; });
}

}  // namespace k8scale::apiserver
