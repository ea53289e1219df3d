#include "k8scale/measure/csv.h"

#include <fmt/format.h>

#include <iterator>
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
  const auto since_sent = [&](base::SteadyTime moment) { return (moment - write.sent).count(); };
  std::string row;
  row.reserve(128);
  base::append_utc_millis(row, write.sent_wall);
  row += ',';
  row += name(write.verb);
  row += ',';
  base::append_go_quote(row, write.object_name);
  const auto end = std::back_inserter(row);
  fmt::format_to(end, ",{},{},", write.resource_version, since_sent(write.done));
  if (write.seen.watchers > 0) {
    fmt::format_to(end, "{},{}", since_sent(write.seen.first), since_sent(write.seen.last));
  } else {
    row += ',';
  }
  fmt::format_to(end, ",{},", write.seen.watchers);
  base::append_go_quote(row, write.error);
  row += '\n';
  rows_.append(row);
}

}  // namespace k8scale::measure
