#include "selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "k8scale/base/number.h"
#include "k8scale/base/text.h"
#include "validation.h"

namespace k8scale::apiserver {
namespace {

using Operator = LabelSelector::Operator;

std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return base::parse_number<std::int64_t>(text);
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

}  // namespace k8scale::apiserver
