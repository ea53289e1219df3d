#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "drive_flags.h"
#include "flag_range.h"
#include "k8scale/base/error.h"
#include "k8scale/base/text.h"
#include "k8scale/load/mixed_loop.h"
#include "open_loop_flags.h"
#include "schedule_range.h"

namespace k8scale::subcommands {
namespace {

constexpr std::array arrivals = {"poisson", "constant", "closed", "ramp"};

void check_ramp(const DriveFlags& flags) {
  if (!flags.is_ramp()) return;
  if (!parse_ramp(flags.ramp)) {
    throw base::Error(
        fmt::format("--ramp: found {}, expected steps such as 100x30s,200x1m", base::go_quote(flags.ramp)));
  }
  if (!(flags.average_rate() > 0)) throw base::Error("--ramp: found no arrivals, expected some");
  check_time("--ramp: found steps", "the run takes", flags.ramp_length());
  if (flags.whole_ramp && flags.n > most_objects) {
    throw base::Error(fmt::format("--ramp: found some {:.0f} arrivals, expected at most {}",
                                  flags.average_rate() * flags.ramp_length(), most_objects));
  }
}

void check_arrivals(const DriveFlags& flags) {
  const bool known = std::find(arrivals.begin(), arrivals.end(), flags.arrival) != arrivals.end();
  if (!known) {
    throw base::Error(fmt::format("--arrival: found {}, expected poisson, constant, closed or ramp",
                                  base::go_quote(flags.arrival)));
  }
  check_ramp(flags);
  if (flags.closed()) {
    check_rate_or_none("--rate", flags.rate);
  } else if (!flags.is_ramp()) {
    check_rate("--rate", flags.rate);
  }
  check_range("-n", flags.n, 1, most_objects);
  check_range("--workers", flags.workers, 1, 1'000'000);
  const bool paces_lives = flags.closed() && !flags.mixed();  // which are checked as such
  if (paces_lives || flags.is_ramp() || flags.rate == 0) return;
  check_time(fmt::format("-n: found {} with --rate {}", flags.n, flags.rate), "the run takes",
             static_cast<double>(flags.n) / flags.rate);
}

void check_lives(const DriveFlags& flags) {
  check_range("-maxpop", flags.maxpop, 0, most_objects);
  check_range("--updates", flags.updates, 0, 1'000'000);
  if (flags.closed()) return check_closed_loop(flags.closed_loop(), "--workers");
  check_time(fmt::format("-maxpop: found {} with {} arrivals per second", flags.maxpop, flags.average_rate()),
             "objects live", static_cast<double>(flags.maxpop) / flags.average_rate());
}

void check_mix(const DriveFlags& flags) {
  if (!load::OperationMix::parse(flags.mix)) {
    throw base::Error(
        fmt::format("--mix: found {}, expected weights of create, update, patch, get, list and delete, each "
                    "once, as create=1,get=10",
                    base::go_quote(flags.mix)));
  }
  check_range("--initial", flags.initial, 0, most_objects);
  check_range("--list-limit", flags.list_limit, 0, most_objects);
}

void check_objects(const DriveFlags& flags) {
  const std::uint64_t most = flags.resource == "v1/configmaps" ? most_data : most_annotation;
  check_range("--update-length", flags.update_length, 1, most);
  check_range("--data-length", flags.data_length, 0, most);
  if (flags.changes()) {
    check_room_for_updates({"--data-length", flags.data_length}, {"--update-length", flags.update_length},
                           most);
  }
  if (!(flags.data_sigma >= 0) || flags.data_sigma > 10) {
    throw base::Error(fmt::format("--data-sigma: found {}, expected 0 to 10", flags.data_sigma));
  }
  check_range("--namespaces", flags.namespaces, 1, 10'000);
  if (!(flags.zipf >= 0) || flags.zipf > 100) {
    throw base::Error(fmt::format("--zipf: found {}, expected 0 to 100", flags.zipf));
  }
}

}  // namespace

bool DriveFlags::changes() const {
  if (!mixed()) return updates > 0;
  const load::OperationMix weights = load::OperationMix::parse(mix).value_or(load::OperationMix());
  return weights.weight(measure::Verb::update) + weights.weight(measure::Verb::patch) > 0;
}

std::vector<DriveFlags::Idle> DriveFlags::idle() const {
  const load::OperationMix weights = load::OperationMix::parse(mix).value_or(load::OperationMix());
  const bool lists = weights.weight(measure::Verb::list) > 0;
  const std::vector<std::pair<bool, Idle>> all = {
      {is_ramp(), {"--rate", "has no effect with --arrival ramp, whose rates are --ramp's"}},
      {!is_ramp(), {"--ramp", "has no effect without --arrival ramp"}},
      {whole_ramp, {"--n", "was not given"}},
      {!closed(), {"--workers", "has no effect without --arrival closed"}},
      {mixed(), {"--maxpop", "has no effect with --mix"}},
      {!mixed() && keep && updates == 0, {"--maxpop", "has no effect with --keep and without --updates"}},
      {mixed(), {"--updates", "has no effect with --mix"}},
      {!changes(),
       {"--update-length",
        mixed() ? "has no effect on a --mix without update and patch" : "has no effect without --updates"}},
      {data_sigma > 0 && data_length == 0, {"--data-sigma", "has no effect on a --data-length of 0"}},
      {!mixed(), {"--initial", "has no effect without --mix"}},
      {!lists, {"--list-selector", "has no effect without a --mix with list"}},
      {!lists, {"--list-limit", "has no effect without a --mix with list"}},
      {zipf > 0 && namespaces == 1, {"--zipf", "has no effect on one namespace: expected --namespaces too"}},
  };
  std::vector<Idle> found;
  for (const auto& [is_idle, flag] : all) {
    if (is_idle) found.push_back(flag);
  }
  return found;
}

void DriveFlags::check(const CLI::App& app, std::span<const std::string> excused) const {
  check_arrivals(*this);
  if (mixed()) {
    check_mix(*this);
  } else {
    check_lives(*this);
  }
  check_objects(*this);
  if (clientlb && !driver.server_list.empty()) {
    throw base::Error("--clientlb and --server-list both choose servers; expected one of them");
  }
  for (const Idle& each : idle()) {
    const bool may_be = std::find(excused.begin(), excused.end(), each.flag) != excused.end();
    if (may_be) continue;
    if (app.get_option(each.flag)->count() > 0) throw base::Error(fmt::format("{}: {}", each.flag, each.why));
  }
}

}  // namespace k8scale::subcommands
