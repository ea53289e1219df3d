#pragma once
#include <cstdint>
#include <string>

#include "k8scale/load/closed_loop.h"

namespace k8scale::subcommands {

/// Throws base::Error that names the flag unless `rate` is one that a schedule can keep, per second.
void check_rate(const char* flag, double rate);

/// The same, for one that may be 0.
void check_rate_or_none(const char* flag, double rate);

/// Throws base::Error when what the flags come to takes over thirty years, which is far from where times
/// overflow: "FOUND, so that WHAT SECONDS s; expected at most …".
void check_time(const std::string& found, const char* what, double seconds);

/// The same for a loop whose workers would remember too much or go on for too long; `workers_flag` is the
/// flag of its workers.
void check_closed_loop(const load::ClosedLoopParameters& loop, const char* workers_flag);

}  // namespace k8scale::subcommands
