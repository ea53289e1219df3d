#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/text.h"
#include "selector.h"

namespace k8scale::apiserver {
namespace {

// Splits at commas that no backslash escapes.
std::vector<std::string> split_terms(std::string_view text) {
  std::vector<std::string> terms(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',') {
      terms.emplace_back();
      continue;
    }
    if (text[i] == '\\' && i + 1 < text.size()) terms.back() += text[i++];
    terms.back() += text[i];
  }
  return terms;
}

// The value of a term as it is meant, or what is wrong with it.
Answer<std::string> without_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=') {
      return bad_request(fmt::format("invalid field selector: unescaped character in value: {}", int{'='}));
    }
    if (text[i] == '\\') {
      const std::string_view escaped = text.substr(i + 1, 1);
      if (escaped.empty() || std::string_view("\\,=").find(escaped) == std::string_view::npos) {
        return bad_request(fmt::format("invalid field selector: invalid escape sequence: \\{}", escaped));
      }
      ++i;
    }
    out += text[i];
  }
  return Answer<std::string>(boost::system::in_place_value, std::move(out));
}

std::string_view defaulted(std::string_view field, std::string_view value) {
  return field == "status.phase" && value.empty() ? "Active" : value;
}

// The text at a path such as "involvedObject.name".
std::string field_value(const Json& document, std::string_view path) {
  if (path == "source") {
    const std::string_view component = text_member(member(document, "source"), "component");
    return std::string(component.empty() ? text_member(document, "reportingComponent") : component);
  }
  const Json* at = &document;
  std::string_view rest = path;
  for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    at = &member(*at, rest.substr(0, dot));
    rest.remove_prefix(dot + 1);
  }
  return std::string(defaulted(path, text_member(*at, rest)));
}

bool is_selectable(const ResourceInfo& resource, const std::string& field) {
  return field == "metadata.name" ||
         (field == "metadata.namespace" && (resource.namespaced || resource.selectable.empty())) ||
         std::find(resource.selectable.begin(), resource.selectable.end(), field) !=
             resource.selectable.end();
}

Refusal unknown_field(const ResourceInfo& resource, std::string_view field) {
  return bad_request(resource.selectable.empty()
                         ? fmt::format("{} is not a known field selector: only \"metadata.name\", "
                                       "\"metadata.namespace\"",
                                       base::go_quote(field))
                         : fmt::format("field label not supported: {}", field));
}

}  // namespace

Answer<FieldSelector> FieldSelector::parse(std::string_view text, const ResourceInfo& resource) {
  FieldSelector selector;
  if (text.empty()) return selector;
  for (const std::string& part : split_terms(text)) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) {
      return bad_request(fmt::format("invalid selector: '{}'; can't understand '{}'", text, part));
    }
    Term term;
    term.equal = equals == 0 || part[equals - 1] != '!';
    term.field = part.substr(0, term.equal ? equals : equals - 1);
    const bool doubled = term.equal && part.compare(equals, 2, "==") == 0;
    Answer<std::string> value = without_escapes(std::string_view(part).substr(equals + (doubled ? 2 : 1)));
    if (!value) return value.error();
    term.value = *std::move(value);
    if (!is_selectable(resource, term.field)) return unknown_field(resource, term.field);
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

bool FieldSelector::matches(const Object& object) const {
  Json document;  // read only when a field is asked for that is not at hand
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    if (term.field == "metadata.name") return (object.key().name == term.value) == term.equal;
    if (term.field == "metadata.namespace") return (object.key().namespace_name == term.value) == term.equal;
    if (document.is_null()) document = object.document();
    return (field_value(document, term.field) == term.value) == term.equal;
  });
}

}  // namespace k8scale::apiserver
