#include "k8scale/observe/dequeue.h"

#include <fmt/compile.h>

#include <iterator>

#include "k8scale/base/text.h"

namespace k8scale::observe {
namespace {

using Operation = Dequeue::Operation;

constexpr std::string_view no_creation = "2000-01-01 00:00:00";

std::string_view name(Operation operation) {
  switch (operation) {
    case Operation::create:
      return "create";
    case Operation::update:
      return "update";
    case Operation::remove:
      break;
  }
  return "delete";
}

void append_seconds(std::string& out, base::WallTime time) {
  constexpr std::size_t millis = 4;  // ".123"
  base::append_utc_millis(out, time);
  out.resize(out.size() - millis);
}

}  // namespace

std::optional<base::Nanoseconds> Dequeue::latency() const {
  if (!stamp) return std::nullopt;
  return now.wall - *stamp;
}

Dequeue examine(const WorkItem& item, const StoredObject* object, Compare compare, Moment now) {
  Dequeue found;
  found.key = item.key;
  found.now = now;
  found.first = item.first;
  found.last = item.last;
  found.changes = item.changes;
  if (object == nullptr || !object->exists) {
    found.operation = Operation::remove;
    return found;
  }
  found.operation = object->seen ? Operation::update : Operation::create;
  found.created = object->created.get();
  found.from_list = object->from_list;
  if (found.one_add()) found.stamp = object->create_stamp.get();
  if (found.one_update()) found.stamp = object->update_stamp.get();
  if (compare == Compare::yes && object->seen) {
    const bool equal = object->seen_hash == object->content_hash;
    found.comparison = equal ? Comparison::equal : Comparison::different;
  }
  return found;
}

void append_row(std::string& out, const Dequeue& dequeue, Columns columns) {
  base::append_utc_millis(out, dequeue.now.wall);
  out += ',';
  out += name(dequeue.operation);
  out += ',';
  base::append_go_quote(out, dequeue.key);
  out += ',';
  if (dequeue.created) {
    append_seconds(out, *dequeue.created);
  } else {
    out += no_creation;
  }
  const ChangeCounts& changes = dequeue.changes;
  fmt::format_to(std::back_inserter(out), FMT_COMPILE(",{},{},{},"), changes.adds, changes.updates,
                 changes.deletes);
  base::append_utc_millis(out, dequeue.first.wall);
  out += ',';
  base::append_utc_millis(out, dequeue.last.wall);
  if (columns == Columns::ten)
    fmt::format_to(std::back_inserter(out), FMT_COMPILE(",{}"), static_cast<int>(dequeue.comparison));
  out += '\n';
}

}  // namespace k8scale::observe
