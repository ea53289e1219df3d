#include "k8scale/measure/table.h"

#include <algorithm>
#include <ostream>

namespace k8scale::measure {
namespace {

// Columns that UTF-8 text takes on a terminal, combining and wide characters aside.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> all;
  for (const auto& row : rows_) {
    all.resize(std::max(all.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) all[i] = std::max(all[i], width(row[i]));
  }
  return all;
}

void Table::print(std::ostream& out) const {
  const std::vector<std::size_t> columns = widths();
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(columns[i] - width(row[i]), ' ');
      if (i > 0) line += "  ";
      line += i < left_ ? row[i] + padding : padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

}  // namespace k8scale::measure
