#include "drive_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "k8scale/base/flags.h"
#include "k8scale/base/number.h"
#include "k8scale/base/text.h"
#include "k8scale/load/closed_loop.h"

namespace k8scale::subcommands {
namespace {

std::optional<load::RateStep> parse_step(std::string_view text) {
  const std::size_t times = text.find('x');
  if (times == std::string_view::npos) return std::nullopt;
  const auto rate = base::parse_number<double>(text.substr(0, times));
  const auto duration = base::parse_duration(text.substr(times + 1));
  if (!rate || !duration || !(*rate >= 0) || *rate > 1e7 || *duration <= base::Nanoseconds(0)) {
    return std::nullopt;
  }
  return load::RateStep{*rate, *duration};
}

double seconds_of(const load::ArrivalPlan& plan) {
  double seconds = 0;
  for (const load::RateStep& each : plan.steps) seconds += base::to_seconds(each.duration);
  return seconds;
}

double arrivals_of(const load::ArrivalPlan& plan) {
  double sum = 0;
  for (const load::RateStep& each : plan.steps) sum += each.rate * base::to_seconds(each.duration);
  return sum;
}

double average_of(const load::ArrivalPlan& plan) {
  const double seconds = seconds_of(plan);
  return seconds > 0 ? arrivals_of(plan) / seconds : 0;
}

}  // namespace

std::optional<std::vector<load::RateStep>> parse_ramp(std::string_view text) {
  std::vector<load::RateStep> steps;
  for (const std::string& each : base::split(text, ',')) {
    const auto step = parse_step(base::trim(each));
    if (!step) return std::nullopt;
    steps.push_back(*step);
  }
  return steps;
}

void DriveFlags::declare(CLI::App& app) {
  base::add_value(
      app, "--arrival", arrival,
      "when operations begin; ramp is poisson at the rates of --ramp, closed is --workers with one operation "
      "at a time each")
      ->type_name("poisson|constant|ramp|closed");
  base::add_value(app, "--rate", rate,
                  "arrivals per second; of closed workers: operations, 0 for as fast as they go");
  base::add_value(app, "--ramp", ramp, "steps RATExDURATION, as 100x30s,200x1m; the run ends with the last");
  base::add_value(app, "--n", n,
                  "objects, or with --mix operations; of a ramp at most so many, and without it all");
  base::add_value(app, "--workers", workers, "workers of a closed loop");
  base::add_value(app, "--maxpop", maxpop,
                  "objects that exist at a time, without --mix; each lives maxpop/rate seconds");
  base::add_value(app, "--updates", updates, "updates (PATCH) in each object's life, without --mix");
  base::add_value(app, "--update-length", update_length, "bytes that each update sets");
  base::add_value(app, "--resource", resource,
                  "group/version/plural, or v1/plural, of what is driven; it must need no spec");
  base::add_value(app, "--data-length", data_length,
                  "bytes of data in each object; the median, with --data-sigma");
  base::add_value(app, "--data-sigma", data_sigma,
                  "makes lengths log-normal: standard deviation of their logarithm");
  base::add_value(app, "--mix", mix,
                  "weights of single operations instead of lives, as create=1,update=2,patch=2,get=10,list=1,"
                  "delete=1");
  base::add_value(app, "--initial", initial, "with --mix: objects that exist before the run");
  base::add_value(app, "--list-selector", list_selector, "label selector of lists");
  base::add_value(app, "--list-limit", list_limit, "items that a list asks for; 0 for all");
  base::add_value(app, "--namespaces", namespaces,
                  "namespaces scaletest-1 ... instead of scaletest; made when missing, and then deleted");
  base::add_value(app, "--zipf", zipf, "exponent of objects over namespaces; 0 spreads them evenly");
  base::add_bool(app, "--keep", keep, "delete nothing in the end");
  base::add_bool(app, "--clientlb", clientlb, "use all endpoints of service default/kubernetes");
  driver.wait_before_terminate = 0;
  driver.declare(app);
}

void DriveFlags::settle(const CLI::App& app) {
  whole_ramp = is_ramp() && app.get_option("--n")->count() == 0;
  if (!whole_ramp) return;
  // More arrivals than that come once in 10^23 runs.
  const double expected = std::min(arrivals_of(arrival_plan()), 1e18);
  n = static_cast<std::uint64_t>(expected + 10 * std::sqrt(expected) + 10);
}

load::ArrivalPlan DriveFlags::arrival_plan() const {
  if (is_ramp())
    return {load::ArrivalShape::poisson, parse_ramp(ramp).value_or(std::vector<load::RateStep>())};
  return load::ArrivalPlan::steady(
      rate, arrival == "constant" ? load::ArrivalShape::constant : load::ArrivalShape::poisson);
}

std::optional<base::Nanoseconds> DriveFlags::cut(std::uint64_t seed) const {
  if (!is_ramp() || whole_ramp) return std::nullopt;
  return load::end_of_first(arrival_plan(), seed, n);
}

double DriveFlags::average_rate() const { return is_ramp() ? average_of(arrival_plan()) : rate; }

double DriveFlags::asked_rate(std::uint64_t seed) const {
  const auto end = cut(seed);
  return end ? average_of(load::cut_at(arrival_plan(), *end)) : average_rate();
}

double DriveFlags::ramp_length() const { return seconds_of(arrival_plan()); }

load::ClosedLoopParameters DriveFlags::closed_loop() const {
  return {n, workers, maxpop, updates, !keep, rate};
}

std::uint64_t DriveFlags::largest_number() const {
  return closed() && mix.empty() ? load::largest_object(closed_loop()) : objects();
}

std::uint64_t DriveFlags::place_in_schedule(std::uint64_t number) const {
  const std::uint64_t before = mixed() ? initial : 0;
  if (number <= before) return number;
  return closed() ? (number - before - 1) % workers + 1 : number - before;
}

nlohmann::ordered_json DriveFlags::summary_parameters() const {
  nlohmann::ordered_json made = {{"arrival", arrival}, {"n", n}, {"resource", resource}};
  if (whole_ramp) made.erase("n");
  if (is_ramp()) {
    made["ramp"] = ramp;
  } else {
    made["rate"] = rate;
  }
  if (closed()) made["workers"] = workers;
  if (mix.empty()) {
    made["maxpop"] = maxpop;
    made["updates"] = updates;
  } else {
    made["mix"] = mix;
    made["initial"] = initial;
    made["list-selector"] = list_selector;
    made["list-limit"] = list_limit;
  }
  if (changes()) made["update-length"] = update_length;
  made["data-length"] = data_length;
  if (data_sigma > 0) made["data-sigma"] = data_sigma;
  made["namespaces"] = namespaces;
  if (zipf > 0) made["zipf"] = zipf;
  if (keep) made["keep"] = keep;
  if (clientlb) made["clientlb"] = clientlb;
  return made;
}

}  // namespace k8scale::subcommands
