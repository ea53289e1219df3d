#pragma once
#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace k8scale::measure {

/// Text in columns: the first `left` ones flush left, the others flush right, two blanks between them.
class Table {
 public:
  explicit Table(std::size_t left) : left_(left) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void print(std::ostream& out) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths() const;

  std::size_t left_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace k8scale::measure
