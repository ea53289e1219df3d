#include "k8scale/apiserver/fault.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "call.h"
#include "k8scale/base/error.h"
#include "k8scale/base/number.h"
#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

base::Error wrong(std::string_view part, std::string_view expected) {
  return base::Error(fmt::format("--fault: found {}, expected {}", base::go_quote(part), expected));
}

base::Nanoseconds duration(std::string_view part, std::string_view text, std::string_view expected) {
  const auto found = base::parse_duration(text);
  if (!found || *found <= base::Nanoseconds(0)) throw wrong(part, expected);
  return *found;
}

template <class Number>
Number number(std::string_view part, std::string_view text, Number least, Number most,
              std::string_view expected) {
  const auto found = base::parse_number<Number>(text);
  if (!found || !(*found >= least && *found <= most)) throw wrong(part, expected);
  return *found;
}

std::vector<std::string> verbs(std::string_view part, std::string_view text) {
  std::vector<std::string> found = base::split(text, '+');
  for (const std::string& each : found) {
    if (!verb_of(each)) {
      throw wrong(part, "verbs=V+V… of get, list, watch, create, update, patch, delete, deletecollection");
    }
  }
  return found;
}

// A fixed time, or with "exp:" before it the mean of an exponential one.
base::Nanoseconds random_duration(Fault& fault, std::string_view part, std::string_view text,
                                  std::string_view expected) {
  fault.exponential = text.starts_with("exp:");
  if (fault.exponential) text.remove_prefix(4);
  return duration(part, text, expected);
}

constexpr std::array<std::pair<std::string_view, EventFault>, 4> plain_event_faults = {
    {{"swallow", EventFault::swallow},
     {"duplicate", EventFault::duplicate},
     {"reorder", EventFault::reorder},
     {"drop", EventFault::drop}}};

// Whether the part says what becomes of events.
bool read_event_part(Fault& fault, std::string_view part) {
  EventFault found = EventFault::none;
  for (const auto& [name, each] : plain_event_faults) {
    if (part == name) found = each;
  }
  constexpr std::string_view delay = "delay=";
  if (part.starts_with(delay)) {
    found = EventFault::delay;
    fault.delay = random_duration(fault, part, part.substr(delay.size()), "delay=20ms or delay=exp:20ms");
  }
  if (found == EventFault::none) return false;
  if (fault.event != EventFault::none) {
    throw wrong(part, "one of swallow, duplicate, reorder, drop, delay= in a rule");
  }
  fault.event = found;
  return true;
}

void read_request_part(Fault& fault, std::string_view part) {
  const std::size_t equals = part.find('=');
  const std::string_view key = part.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
  if (key == "latency") {
    fault.latency = random_duration(fault, part, value, "latency=20ms or latency=exp:20ms");
  } else if (key == "status") {
    fault.status = number(part, value, 400, 599, "status=CODE from 400 to 599");
  } else if (key == "retry-after") {
    fault.retry_after = number(part, value, 0, 86'400, "retry-after=SECONDS from 0 to 86400");
  } else if (key == "reset") {
    if (value != "before" && value != "after") throw wrong(part, "reset=before or reset=after");
    fault.reset = value == "before" ? ResetMoment::before_the_write : ResetMoment::after_the_write;
  } else if (part == "cut") {
    fault.cut = true;
  } else if (part == "compact") {
    fault.compact = true;
  } else if (key == "stall") {
    fault.stall = duration(part, value, "stall=1s");
  } else {
    throw wrong(
        part,
        "verbs=, resource=, every=, p=, latency=, status=, retry-after=, reset=, cut, compact, stall=, "
        "swallow, duplicate, reorder, drop or delay=");
  }
}

void read_part(Fault& fault, std::string_view part) {
  const std::size_t equals = part.find('=');
  const std::string_view key = part.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
  if (key == "verbs") {
    fault.verbs = verbs(part, value);
  } else if (key == "resource" && !value.empty()) {
    fault.resource = value;
  } else if (key == "every") {
    fault.every = number<std::uint64_t>(part, value, 1, 1'000'000'000, "every=N with N from 1");
  } else if (key == "p") {
    fault.probability = number<double>(part, value, 0, 1, "p=P with P from 0 to 1");
  } else if (!read_event_part(fault, part)) {
    read_request_part(fault, part);
  }
}

bool is_about_requests(const Fault& fault) {
  return fault.latency.count() > 0 || fault.status != 0 || fault.cut || fault.compact ||
         fault.reset != ResetMoment::never || fault.stall.count() > 0;
}

}  // namespace

Fault parse_fault(std::string_view text) {
  Fault fault;
  fault.text = text;
  std::set<std::string> keys;
  for (const std::string& part : base::split(text, ',')) {
    const std::string_view trimmed = base::trim(part);
    const bool first = keys.emplace(trimmed.substr(0, trimmed.find('='))).second;
    if (!first) throw wrong(trimmed, "each part once");
    read_part(fault, trimmed);
  }
  if (fault.retry_after >= 0 && fault.status == 0) throw wrong(text, "retry-after= together with status=");
  if (fault.event == EventFault::none) {
    if (is_about_requests(fault)) return fault;
    throw wrong(text,
                "at least one of latency=, status=, reset=, cut, compact, stall=, swallow, duplicate, "
                "reorder, drop, delay=");
  }
  const bool of_watches = fault.verbs.empty() || fault.verbs == std::vector<std::string>{"watch"};
  if (is_about_requests(fault) || !of_watches) {
    throw wrong(text, "a rule about requests or one about events of watches, not both");
  }
  return fault;
}

}  // namespace k8scale::apiserver
