#include "selector.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/text.h"
#include "validation.h"

namespace k8scale::apiserver {
namespace {

// Tokens of k8s.io/apimachinery/pkg/labels: identifiers, and = == != ! , ( )
class LabelReader {
 public:
  explicit LabelReader(std::string_view text) : text_(text) { next(); }

  Answer<std::vector<LabelSelector::Requirement>> read() {
    std::vector<LabelSelector::Requirement> requirements;
    while (!token_.empty()) {
      LabelSelector::Requirement requirement;
      if (!read_requirement(requirement)) {
        return bad_request("unable to parse requirement: " + error_);
      }
      requirements.push_back(std::move(requirement));
      if (token_.empty()) break;
      if (token_ != ",") {
        expect("',' or 'end of string'");
        return bad_request("unable to parse requirement: " + error_);
      }
      next();
      if (token_.empty()) {
        expect("identifier after ','");
        return bad_request("unable to parse requirement: " + error_);
      }
    }
    return requirements;
  }

 private:
  static bool is_special(char letter) {
    return std::string_view("=!(),<>").find(letter) != std::string_view::npos;
  }
  static bool is_blank(char letter) {
    return std::string_view(" \t\r\n").find(letter) != std::string_view::npos;
  }
  [[nodiscard]] bool is_identifier() const { return !token_.empty() && !is_special(token_[0]); }

  void next() {
    while (!text_.empty() && is_blank(text_[0])) text_.remove_prefix(1);
    std::size_t length = text_.empty() ? 0 : 1;
    if (text_.starts_with("==") || text_.starts_with("!=")) length = 2;
    if (length == 1 && !is_special(text_[0])) {
      while (length < text_.size() && !is_special(text_[length]) && !is_blank(text_[length])) ++length;
    }
    token_ = text_.substr(0, length);
    text_.remove_prefix(length);
  }

  bool expect(std::string_view what) {
    error_ = fmt::format("found '{}', expected: {}", token_, what);
    return false;
  }

  bool read_requirement(LabelSelector::Requirement& out) {
    const bool negated = token_ == "!";
    if (negated) next();
    if (!is_identifier()) return expect("identifier");
    out.key = token_;
    if (const std::string reason = label_key_fault(out.key); !reason.empty()) {
      error_ = fmt::format("key: Invalid value: \"{}\": {}", out.key, reason);
      return false;
    }
    next();
    if (negated) return out.what = LabelSelector::Operator::absent, true;
    if (token_.empty() || token_ == ",") return true;
    return read_comparison(out) && values_are_valid(out);
  }

  bool read_comparison(LabelSelector::Requirement& out) {
    const std::string comparison(token_);
    if (comparison == "in" || comparison == "notin") {
      next();
      out.what = comparison == "in" ? LabelSelector::Operator::in : LabelSelector::Operator::not_in;
      return read_set(out.values);
    }
    if (comparison != "=" && comparison != "==" && comparison != "!=") {
      return expect("in, notin, =, ==, !=");
    }
    next();
    out.what = comparison == "!=" ? LabelSelector::Operator::not_in : LabelSelector::Operator::in;
    if (token_.empty() || token_ == ",") return out.values.emplace_back(), true;
    if (!is_identifier()) return expect("identifier");
    out.values.emplace_back(token_);
    next();
    return true;
  }

  bool read_set(std::vector<std::string>& values) {
    if (token_ != "(") return expect("'('");
    next();
    while (true) {
      if (is_identifier()) {
        values.emplace_back(token_);
        next();
      } else if (token_ == "," || token_ == ")") {
        values.emplace_back();
      } else {
        return expect("',', ')' or identifier");
      }
      if (token_ == ")") return next(), true;
      if (token_ != ",") return expect("',' or ')'");
      next();
    }
  }

  bool values_are_valid(const LabelSelector::Requirement& requirement) {
    for (const std::string& value : requirement.values) {
      const std::string reason = label_value_fault(value);
      if (reason.empty()) continue;
      error_ = fmt::format("values[0][{}]: Invalid value: \"{}\": {}", requirement.key, value, reason);
      return false;
    }
    return true;
  }

  std::string_view text_, token_;
  std::string error_;
};

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

std::string without_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
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
  return field == "metadata.name" || (field == "metadata.namespace" && resource.namespaced) ||
         std::find(resource.selectable.begin(), resource.selectable.end(), field) !=
             resource.selectable.end();
}

std::string known_fields(const ResourceInfo& resource) {
  std::string list = resource.namespaced ? "\"metadata.name\", \"metadata.namespace\"" : "\"metadata.name\"";
  for (const std::string& field : resource.selectable) list += fmt::format(", \"{}\"", field);
  return list;
}

}  // namespace

Answer<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  if (text.empty()) return selector;
  auto requirements = LabelReader(text).read();
  if (!requirements) return requirements.error();
  selector.requirements_ = std::move(*requirements);
  return selector;
}

bool LabelSelector::matches(const std::map<std::string, std::string>& labels) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& requirement) {
    const auto found = labels.find(requirement.key);
    const bool present = found != labels.end();
    const auto listed = [&] {
      return std::find(requirement.values.begin(), requirement.values.end(), found->second) !=
             requirement.values.end();
    };
    switch (requirement.what) {
      case Operator::in:
        return present && listed();
      case Operator::not_in:
        return !present || !listed();
      case Operator::exists:
        return present;
      case Operator::absent:
        return !present;
    }
    return false;
  });
}

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
    term.value = without_escapes(std::string_view(part).substr(equals + (doubled ? 2 : 1)));
    if (!is_selectable(resource, term.field)) {
      return bad_request(
          fmt::format("\"{}\" is not a known field selector: only {}", term.field, known_fields(resource)));
    }
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
