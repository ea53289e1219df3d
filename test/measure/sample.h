#pragma once
#include <string>

#include "k8scale/base/files.h"
#include "k8scale/measure/operation.h"
#include "temporary_folder.h"

namespace k8scale::measure {

using namespace std::chrono_literals;

inline const base::SteadyTime start = base::SteadyTime() + 1000s;
inline const base::WallTime wall_start = base::WallTime() + 1795532645s + 123ms;  // 2026-11-24 15:04:05.123

/// A create that was wanted at `scheduled` after `start`, sent 100 µs late and answered 2 ms later.
inline Operation sample_create(base::Nanoseconds scheduled = 0s) {
  Operation made;
  made.verb = Verb::create;
  made.object_number = 1;
  made.object_name = "run-1";
  made.scheduled = start + scheduled;
  made.due = made.scheduled;
  made.sent = made.due + 100us;
  made.first_byte = made.sent + 1ms;
  made.done = made.sent + 2ms;
  made.sent_wall = wall_start + scheduled;
  made.done_wall = made.sent_wall + 2ms;
  made.http_status = 201;
  made.bytes_sent = 400;
  made.bytes_received = 700;
  return made;
}

inline Operation failed(Operation operation, Outcome outcome, std::string reason) {
  operation.outcome = outcome;
  operation.reason = std::move(reason);
  operation.error = "failed: " + operation.reason;
  return operation;
}

/// That write as watchers showed it, so long after it was sent.
inline Operation seen(Operation write, base::Nanoseconds first, base::Nanoseconds last, std::size_t watchers,
                      std::size_t missed_by = 0) {
  write.seen = {write.sent + first, write.sent + last, watchers, missed_by};
  return write;
}

using test::TemporaryFolder;

}  // namespace k8scale::measure
