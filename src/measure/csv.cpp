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

void SeenLog::append(const Operation& write) {
  std::string row;
  row.reserve(128);
  base::append_utc_millis(row, write.sent_wall);
  row += ',';
  row += name(write.verb);
  row += ',';
  base::append_go_quote(row, write.object_name);
  row += ',';
  row += write.resource_version;
  const auto append = [&](base::SteadyTime moment, bool known) {
    row += ',';
    if (known && was_sent(write)) row += std::to_string((moment - write.sent).count());
  };
  append(write.done, true);
  append(write.seen.first, write.seen.watchers > 0);
  append(write.seen.last, write.seen.watchers > 0);
  row += ',';
  row += std::to_string(write.seen.watchers);
  row += ',';
  base::append_go_quote(row, write.error);
  row += '\n';
  rows_.append(row);
}

}  // namespace k8scale::measure
