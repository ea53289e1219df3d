#include "selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "k8scale/base/text.h"
#include "validation.h"

namespace k8scale::apiserver {
namespace {

using Operator = LabelSelector::Operator;

std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Tokens of k8s.io/apimachinery/pkg/labels: identifiers, and = == != ! , ( ) < >
class LabelReader {
 public:
  explicit LabelReader(std::string_view text) : text_(text) { next(); }

  Answer<std::vector<LabelSelector::Requirement>> read() {
    std::vector<LabelSelector::Requirement> requirements;
    if (!read_all(requirements)) return bad_request(std::move(error_));
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

  bool read_all(std::vector<LabelSelector::Requirement>& out) {
    if (token_.empty()) return true;
    if (!is_identifier() && token_ != "!") return expect("!, identifier, or 'end of string'");
    while (true) {
      if (!read_requirement(out.emplace_back())) {
        error_.insert(0, "unable to parse requirement: ");
        return false;
      }
      if (token_.empty()) return true;
      if (token_ != ",") return expect("',' or 'end of string'");
      next();
      if (!is_identifier() && token_ != "!") return expect("identifier after ','");
    }
  }

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

  // Go shows the path of a faulty value, and "<nil>" for a key, which has none.
  bool reject(std::string_view path, std::string_view value, const std::vector<std::string>& faults) {
    error_ = fmt::format("{}: Invalid value: {}: {}", path, base::go_quote(value), fmt::join(faults, "; "));
    return false;
  }

  bool read_requirement(LabelSelector::Requirement& out) {
    const bool negated = token_ == "!";
    if (negated) next();
    if (!is_identifier()) return expect("identifier");
    out.key = token_;
    if (const auto faults = label_key_faults(out.key); !faults.empty()) {
      return reject("<nil>", out.key, faults);
    }
    next();
    if (negated) return out.what = Operator::absent, true;
    if (token_.empty() || token_ == ",") return true;
    return read_comparison(out) && values_are_valid(out);
  }

  bool read_comparison(LabelSelector::Requirement& out) {
    const std::optional<Operator> found = operator_of(token_);
    if (!found) return expect("in, notin, =, ==, !=, gt, lt");
    out.what = *found;
    const bool is_set = token_ == "in" || token_ == "notin";
    next();
    if (is_set) return read_set(out.values);
    if (token_.empty() || token_ == ",") return out.values.emplace_back(), true;
    if (!is_identifier()) return expect("identifier");
    out.values.emplace_back(token_);
    next();
    return true;
  }

  static std::optional<Operator> operator_of(std::string_view token) {
    if (token == "in" || token == "=" || token == "==") return Operator::in;
    if (token == "notin" || token == "!=") return Operator::not_in;
    if (token == ">") return Operator::greater;
    if (token == "<") return Operator::less;
    return std::nullopt;
  }

  bool read_set(std::vector<std::string>& values) {
    if (token_ != "(") {
      error_ = fmt::format("found '{}' expected: '('", token_);
      return false;
    }
    next();
    if (!is_identifier() && token_ != "," && token_ != ")") return expect("',', ')' or identifier");
    while (true) {
      if (is_identifier()) {
        values.emplace_back(token_);
        next();
        if (token_ != "," && token_ != ")") return expect("',' or ')'");
      } else if (token_ == "," || token_ == ")") {
        values.emplace_back();
      } else {
        return expect("',', or identifier");
      }
      if (token_ == ")") return next(), true;
      next();
    }
  }

  bool values_are_valid(LabelSelector::Requirement& requirement) {
    auto& values = requirement.values;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    const bool compares = requirement.what == Operator::greater || requirement.what == Operator::less;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (compares && !whole_number(values[i])) {
        return reject(fmt::format("values[{}]", i), values[i],
                      {"for 'Gt', 'Lt' operators, the value must be an integer"});
      }
      const auto faults = label_value_faults(values[i]);
      if (!faults.empty()) {
        return reject(fmt::format("values[{}][{}]", i, requirement.key), values[i], faults);
      }
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
      case Operator::greater:
        return present && whole_number(found->second) > whole_number(requirement.values.front());
      case Operator::less: {
        const auto number = present ? whole_number(found->second) : std::nullopt;
        return number && number < whole_number(requirement.values.front());
      }
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
