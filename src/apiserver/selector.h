#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "object.h"
#include "refusal.h"

namespace k8scale::apiserver {

/// A label selector: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, `a>1`, `a<1`, all
/// joined by commas (k8s.io/apimachinery/pkg/labels).
class LabelSelector {
 public:
  [[nodiscard]] static Answer<LabelSelector> parse(std::string_view text);
  [[nodiscard]] bool matches(const std::map<std::string, std::string>& labels) const;
  [[nodiscard]] bool selects_all() const { return requirements_.empty(); }

  enum class Operator { in, not_in, exists, absent, greater, less };
  struct Requirement {
    std::string key;
    Operator what = Operator::exists;
    std::vector<std::string> values;
  };

 private:
  std::vector<Requirement> requirements_;
};

/// A field selector: `a=b`, `a==b`, `a!=b`, joined by commas; `\` escapes. Only the resource's own fields.
class FieldSelector {
 public:
  [[nodiscard]] static Answer<FieldSelector> parse(std::string_view text, const ResourceInfo& resource);
  [[nodiscard]] bool matches(const Object& object) const;
  [[nodiscard]] bool selects_all() const { return terms_.empty(); }

 private:
  struct Term {
    std::string field;
    std::string value;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

}  // namespace k8scale::apiserver
