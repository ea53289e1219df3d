#include "k8scale/measure/csv.h"

#include <string>

#include "k8scale/base/text.h"

namespace k8scale::measure {

void OperationLog::append(base::WallTime start, const Operation& last) {
  std::string row;
  row.reserve(128);
  base::append_utc_millis(row, start);
  row += ',';
  base::append_utc_millis(row, last.done_wall);
  row += ',';
  row += name(last.verb);
  row += ',';
  base::append_go_quote(row, last.object_name);
  row += ',';
  base::append_go_quote(row, last.error);
  row += '\n';
  rows_.append(row);
}

}  // namespace k8scale::measure
