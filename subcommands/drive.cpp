#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "discover.h"
#include "drive_flags.h"
#include "driver.h"
#include "driver_namespace.h"
#include "k8scale/apiserver/fault.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/base/text.h"
#include "k8scale/load/closed_loop.h"
#include "k8scale/load/mixed_loop.h"
#include "load_file.h"
#include "open_loop_flags.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

constexpr std::string_view presets =
    "The other drivers are presets of this one:\n"
    "  cmdriver        drive --rate LAMBDA --n N --maxpop MAXPOP --data-length DATALEN\n"
    "  flunder-driver  drive --resource wardle.example.com/v1alpha1/flunders --data-length 0 --rate LAMBDA\n"
    "                  --n N --maxpop MAXPOP\n"
    "  cmdriverclosed  drive --arrival closed --workers THREADS --rate RATE --n N --maxpop MAXPOP\n"
    "                  --updates UPDATES --data-length CREATE_LENGTH --update-length UPDATE_LENGTH\n"
    "They write what the programs of their names wrote, which drive does not: cmdriverclosed its data keys, "
    "and\n"
    "PATCH as update; flunder-driver objects without timestamps. -conns, -name-pad-length and -hack-create "
    "are\n"
    "cmdriverclosed's alone.\n"
    "-f FILE reads flags from a YAML file of `flag: value` lines; flags on the command line win.\n";

// The i-th of the run's, from 1.
std::string namespace_of(const DriveFlags& flags, std::uint64_t i) {
  return flags.namespaces == 1 ? std::string(namespace_name) : fmt::format("{}-{}", namespace_name, i);
}

load::ObjectShape shape_of(const DriveFlags& flags, Driver& driver) {
  load::ObjectShape shape;
  shape.resource = discover_named(driver.start_shard(), driver.start_client(), flags.resource);
  if (!shape.resource.is_config_maps()) {
    shape.place = flags.data_length > 0 ? load::DataPlace::annotation : load::DataPlace::nowhere;
  }
  shape.has_spec = shape.resource.plural == "flunders";
  shape.update_length = flags.update_length;
  shape.encoding = driver.encoding_of(shape.resource, namespace_of(flags, 1));
  return shape;
}

std::shared_ptr<load::ObjectFamily> family_of(const DriveFlags& flags, Driver& driver) {
  const DriverSettings& settings = driver.settings();
  load::ObjectShape shape = shape_of(flags, driver);
  const kube::Resource resource = shape.resource;
  const std::size_t most = (shape.place == load::DataPlace::data ? most_data : most_annotation) -
                           (flags.changes() ? flags.update_length : 0);
  load::ObjectFamily family{
      {},
      {},
      load::NamespaceSpread(flags.namespaces, flags.zipf, settings.seed),
      load::ObjectNames(settings.run_id, flags.objects()),
      load::ObjectText(std::move(shape),
                       load::ObjectSizes(flags.data_length, flags.data_sigma, most, settings.seed)),
      "k8scale-drive",
      ""};
  for (std::uint64_t i = 1; i <= flags.namespaces; ++i) {
    family.namespaces.push_back(namespace_of(flags, i));
    family.collections.emplace_back(resource, family.namespaces.back());
  }
  return std::make_shared<load::ObjectFamily>(std::move(family));
}

DriverShard::MakeLoop mixed_loop(const DriveFlags& flags, const load::OpenLoopParameters& arrivals) {
  load::MixedLoop::Parameters parameters;
  parameters.arrivals = arrivals;
  parameters.workers = flags.closed() ? flags.workers : 0;
  parameters.rate = flags.closed() ? flags.rate : 0;
  parameters.mix = load::OperationMix::parse(flags.mix).value_or(load::OperationMix());
  parameters.initial = flags.initial;
  parameters.list = {flags.list_selector, flags.list_limit};
  parameters.keep = flags.keep ? load::Keep::yes : load::Keep::no;
  return [parameters](const load::LoopContext& context) {
    return std::make_unique<load::MixedLoop>(context, parameters);
  };
}

DriverShard::MakeLoop closed_loop(const DriveFlags& flags) {
  const bool balanced = !flags.driver.balance.empty();
  return [loop = flags.closed_loop(), balanced](const load::LoopContext& context) {
    load::ClosedLoop::Parameters parameters{loop, balanced ? 0 : context.operations.servers(), {}};
    parameters.update_verb = measure::Verb::patch;
    return std::make_unique<load::ClosedLoop>(context, std::move(parameters));
  };
}

DriverShard::MakeLoop lifecycle_loop(const DriveFlags& flags, const load::OpenLoopParameters& arrivals) {
  load::ObjectLifecycle::Parameters lifecycle;
  lifecycle.lifetime = base::from_seconds(static_cast<double>(flags.maxpop) / flags.average_rate());
  lifecycle.updates = flags.updates;
  lifecycle.deletes = !flags.keep;
  return [arrivals, lifecycle](const load::LoopContext& context) {
    return std::make_unique<load::OpenLoop>(context, arrivals, lifecycle);
  };
}

std::vector<std::string> notes_of(const DriveFlags& flags, std::uint64_t seed,
                                  std::span<const std::unique_ptr<DriverShard>> shards) {
  std::vector<std::string> notes;
  if (const auto cut = flags.cut(seed)) {
    notes.push_back(fmt::format("-n {} cut the ramp after {} of {}", flags.n, base::format_duration(*cut),
                                base::format_duration(base::from_seconds(flags.ramp_length()))));
  }
  std::uint64_t without_object = 0;
  load::MixedLoop::Unprepared unprepared;
  for (const auto& each : shards) {
    const auto* mixed = dynamic_cast<const load::MixedLoop*>(&each->loop());
    if (mixed == nullptr) continue;
    without_object += mixed->without_object();
    unprepared.count += mixed->unprepared().count;
    if (unprepared.first_error.empty()) unprepared.first_error = mixed->unprepared().first_error;
  }
  if (unprepared.count > 0) {
    notes.push_back(fmt::format("{} of the {} objects of --initial could not be made before the run: {}",
                                unprepared.count, flags.initial, unprepared.first_error));
  }
  if (without_object > 0) {
    notes.push_back(fmt::format("{} operations found no object to be about and were not begun{}",
                                without_object, unprepared.count > 0 ? "" : "; use a larger --initial"));
  }
  return notes;
}

std::string drive_config(const DriveFlags& flags, const CLI::App& app,
                         const std::map<std::string, std::string>& found = {}) {
  std::vector<std::string> idle;
  for (const DriveFlags::Idle& each : flags.idle()) idle.push_back(each.flag);
  return print_load_file(app, idle, found);
}

DriverPlan drive_plan(const DriveFlags& flags, const CLI::App& app, Driver& driver) {
  const DriverSettings& settings = driver.settings();
  const load::OpenLoopParameters arrivals{flags.arrival_plan(), flags.n, settings.seed};
  DriverPlan plan;
  plan.family = family_of(flags, driver);
  if (!flags.mix.empty()) {
    plan.make_loop = mixed_loop(flags, arrivals);
  } else {
    plan.make_loop = flags.closed() ? closed_loop(flags) : lifecycle_loop(flags, arrivals);
    plan.paced = flags.closed() ? std::nullopt : std::optional(measure::Verb::create);
  }
  plan.notes = [&flags, &settings](std::span<const std::unique_ptr<DriverShard>> shards) {
    return notes_of(flags, settings.seed, shards);
  };
  plan.keeps_objects = flags.keep;
  plan.creates_namespaces = flags.namespaces > 1;
  if (flags.clientlb) plan.endpoints = 0;
  const bool paced = !flags.closed() || flags.rate > 0;
  if (paced) plan.asked_rate = flags.asked_rate(settings.seed);
  if (flags.closed()) plan.workers = flags.workers;
  plan.connections = flags.closed() ? std::min(static_cast<double>(flags.workers), 64.0)
                                    : std::clamp(flags.average_rate() / 100, 4.0, 64.0);
  plan.summary_parameters = flags.summary_parameters();
  plan.owns = [&flags, ours = load::lane_of(settings.part, 0, 1)](std::uint64_t number) {
    return ours.takes(flags.place_in_schedule(number));
  };
  plan.parameters = [&flags, &app, &settings](const auto&) {
    return load::Parameters{{"RUNID", settings.run_id},
                            {"SEED", settings.seed},
                            {"DATAFILENAME", settings.data_file.string()},
                            {"CONFIG", drive_config(flags, app, {{"seed", std::to_string(settings.seed)}})}};
  };
  return plan;
}

std::string fault_of_step(std::string_view text) {
  if (parse_ramp(text)) return {};
  return fmt::format("found {}, expected a step such as 100x30s", base::go_quote(text));
}

std::string fault_of_weight(std::string_view text) {
  if (load::OperationMix::is_part(text)) return {};
  return fmt::format("found {}, expected a weight of create, update, patch, get, list or delete, as get=10",
                     base::go_quote(text));
}

std::string fault_of_rule(std::string_view rule) {
  try {
    static_cast<void>(apiserver::parse_fault(rule));
    return {};
  } catch (const base::Error& error) {
    constexpr std::string_view flag = "--fault: ";
    const std::string_view text = error.what();
    return std::string(text.starts_with(flag) ? text.substr(flag.size()) : text);
  }
}

// Flags of the file that change something in it, though nothing beside those of the command line, which win.
std::vector<std::string> excused_by(const LoadFile& file, const CLI::App& app) {
  DriveFlags alone;
  CLI::App of_file;
  alone.declare(of_file);
  file.fill(of_file);
  alone.settle(of_file);
  std::vector<std::string> excused;
  for (const CLI::Option* each : app.get_options()) {
    if (file.gave(*each)) excused.push_back("--" + each->get_lnames().front());
  }
  for (const DriveFlags::Idle& each : alone.idle()) std::erase(excused, each.flag);
  return excused;
}

int run_drive(const DriveFlags& flags, const CLI::App& app, const LoadFile& file, bool print_config) {
  base::set_verbosity(flags.driver.verbosity);
  flags.check(app, excused_by(file, app));
  const std::size_t name_suffix = load::name_suffix_length(flags.largest_number());
  if (print_config) {
    check_driver_flags(flags.driver, name_suffix);
    fmt::print("{}", drive_config(flags, app));
    return 0;
  }
  Driver driver("drive", flags.driver, settings_of(flags.driver, name_suffix));
  driver.connect();
  return driver.run(drive_plan(flags, app, driver));
}

}  // namespace

int drive(const Invocation& invocation) {
  DriveFlags flags;
  std::string file;
  bool print_config = false;
  CLI::App app("Drives any resource: the general driver.", "k8scale drive");
  base::add_value(app, "-f", file, "YAML file of flags")->type_name("FILE");
  base::add_bool(app, "--print-config", print_config, "print the file that equals the flags, and do nothing");
  flags.declare(app);
  app.footer(std::string(presets) + std::string(driver_exit_codes) + std::string(endpoints_exit_text));
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  LoadFile loaded;
  if (!file.empty()) {
    loaded =
        LoadFile(app, file, {{"ramp", fault_of_step}, {"mix", fault_of_weight}, {"fault", fault_of_rule}});
  }
  flags.settle(app);
  try {
    return run_drive(flags, app, loaded, print_config);
  } catch (const base::Error& error) {
    throw loaded.located(error);
  }
}

}  // namespace k8scale::subcommands
