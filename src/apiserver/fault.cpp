#include "k8scale/apiserver/fault.h"

#include <fmt/format.h>

#include <charconv>

#include "call.h"
#include "k8scale/base/error.h"
#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

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
  const auto found = parse_number<Number>(text);
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

void read_part(Fault& fault, std::string_view part) {
  const std::size_t equals = part.find('=');
  const std::string_view key = part.substr(0, equals);
  std::string_view value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
  if (key == "verbs") {
    fault.verbs = verbs(part, value);
  } else if (key == "resource" && !value.empty()) {
    fault.resource = value;
  } else if (key == "every") {
    fault.every = number<std::uint64_t>(part, value, 1, 1'000'000'000, "every=N with N from 1");
  } else if (key == "p") {
    fault.probability = number<double>(part, value, 0, 1, "p=P with P from 0 to 1");
  } else if (key == "latency") {
    fault.exponential = value.starts_with("exp:");
    if (fault.exponential) value.remove_prefix(4);
    fault.latency = duration(part, value, "latency=20ms or latency=exp:20ms");
  } else if (key == "status") {
    fault.status = number(part, value, 400, 599, "status=CODE from 400 to 599");
  } else if (key == "retry-after") {
    fault.retry_after = number(part, value, 0, 86'400, "retry-after=SECONDS from 0 to 86400");
  } else if (key == "reset") {
    if (value != "before" && value != "after") throw wrong(part, "reset=before or reset=after");
    fault.reset = value == "before" ? ResetMoment::before_the_write : ResetMoment::after_the_write;
  } else if (part == "cut") {
    fault.cut = true;
  } else if (key == "stall") {
    fault.stall = duration(part, value, "stall=1s");
  } else {
    throw wrong(part,
                "verbs=, resource=, every=, p=, latency=, status=, retry-after=, reset=, cut or stall=");
  }
}

}  // namespace

Fault parse_fault(std::string_view text) {
  Fault fault;
  for (const std::string& part : base::split(text, ',')) read_part(fault, base::trim(part));
  const bool does_something = fault.latency.count() > 0 || fault.status != 0 || fault.cut ||
                              fault.reset != ResetMoment::never || fault.stall.count() > 0;
  if (!does_something) throw wrong(text, "at least one of latency=, status=, reset=, cut, stall=");
  if (fault.retry_after >= 0 && fault.status == 0) throw wrong(text, "retry-after= together with status=");
  return fault;
}

}  // namespace k8scale::apiserver
