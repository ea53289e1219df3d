#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cmath>

#include "driver.h"
#include "driver_namespace.h"
#include "flag_range.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/kube/object_protobuf.h"
#include "k8scale/load/closed_loop.h"
#include "open_loop_flags.h"
#include "program_hash.h"
#include "schedule_range.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

constexpr std::string_view field_manager = "cmdriverclosed";
constexpr int name_too_long_exit_code = 17;
constexpr std::size_t longest_name = 253;
constexpr std::uint64_t most_workers = 1'000'000;
constexpr std::uint64_t most_updates = 1'000'000;
constexpr std::size_t shortest_update = 10;

struct CmdriverclosedFlags {
  std::uint64_t n = 300;
  std::uint64_t maxpop = 100;
  std::uint64_t conns = 0;
  std::uint64_t threads = 1;
  double rate = 100;
  std::uint64_t updates = 1;
  std::uint64_t name_pad_length = 0;
  bool hack_create = false;
  std::uint64_t create_value_length = 100;
  std::uint64_t update_value_length = 100;
  bool create_only = false;
  DriverFlags driver;
};

// What the servers made of objects: the length in the first good answer to a create, and to an update.
struct FirstAnswers {
  std::uint64_t updates = 0;  // of each object
  std::atomic<std::size_t> created_length = 0;
  std::atomic<std::size_t> updated_length = 0;

  void look(const load::Step& step, const kube::Answer& answer) {
    std::atomic<std::size_t>& first = step.phase == 0 ? created_length : updated_length;
    if (step.phase > updates || !answer.ok() || first != 0) return;
    std::size_t none = 0;
    first.compare_exchange_strong(none, kube::protobuf_length_of_config_map(answer.body).value_or(0));
  }
};

void declare_cmdriverclosed_flags(CLI::App& app, CmdriverclosedFlags& flags) {
  base::add_value(app, "--n", flags.n, "objects to create");
  base::add_value(app, "--maxpop", flags.maxpop, "objects that exist at a time");
  base::add_value(
      app, "--conns", flags.conns,
      "servers: 1 for the configured one, 0 for all endpoints of service default/kubernetes, k for the "
      "first k");
  base::add_value(app, "--threads", flags.threads, "workers, each with one operation at a time");
  base::add_value(app, "--rate", flags.rate, "operations per second of all workers; 0: as fast as they go");
  base::add_value(app, "--updates", flags.updates, "updates in each object's life");
  base::add_value(app, "--name-pad-length", flags.name_pad_length, "more zeros in each object's name");
  base::add_bool(app, "--hack-create", flags.hack_create, "add ?r=RUNID&i=NUMBER to the URL of each create");
  base::add_value(app, "--create-value-length", flags.create_value_length, "bytes of data in a new object");
  base::add_value(app, "--update-value-length", flags.update_value_length,
                  "bytes that each update sets, at least 10");
  base::add_bool(app, "--create-only", flags.create_only, "delete nothing");
  flags.driver.wait_before_terminate = 0;
  flags.driver.declare(app);
}

load::ClosedLoopParameters loop_of(const CmdriverclosedFlags& flags) {
  load::ClosedLoopParameters loop;
  loop.objects = flags.n;
  loop.workers = flags.threads;
  loop.population = flags.maxpop;
  loop.updates = flags.updates;
  loop.deletes = !flags.create_only;
  loop.rate = flags.rate;
  return loop;
}

void check_cmdriverclosed_flags(const CmdriverclosedFlags& flags, const CLI::App& app) {
  check_range("-n", flags.n, 1, most_objects);
  check_range("-maxpop", flags.maxpop, 0, most_objects);
  check_range("-conns", flags.conns, 0, 10'000);
  check_range("-threads", flags.threads, 1, most_workers);
  check_range("-updates", flags.updates, 0, most_updates);
  check_range("-create-value-length", flags.create_value_length, 0, most_data);
  check_range("-update-value-length", flags.update_value_length, 0, most_data);
  if (flags.updates > 0) {
    check_room_for_updates(
        {"-create-value-length", flags.create_value_length},
        {"-update-value-length", std::max<std::uint64_t>(shortest_update, flags.update_value_length)},
        most_data);
  }
  check_rate_or_none("-rate", flags.rate);
  if (app.get_option("--conns")->count() > 0 && !flags.driver.server_list.empty()) {
    throw base::Error("-conns and --server-list both choose servers; expected one of them");
  }
  check_closed_loop(loop_of(flags), "-threads");
}

// As the program before this one did.
void raise_update_length(CmdriverclosedFlags& flags) {
  if (flags.update_value_length >= shortest_update) return;
  base::log_warning(fmt::format("-update-value-length: found {}: going on with {}", flags.update_value_length,
                                shortest_update));
  flags.update_value_length = shortest_update;
}

// Numbers are padded to the digits of n, and some workers' go beyond n.
std::size_t longest_name_suffix(const CmdriverclosedFlags& flags) {
  return std::max(load::name_suffix_length(flags.n) + flags.name_pad_length,
                  load::name_suffix_length(load::largest_object(loop_of(flags))));
}

void check_name_length(const CmdriverclosedFlags& flags) {
  constexpr std::size_t default_run_id = 14;
  const std::size_t run_id = flags.driver.run_id.empty() ? default_run_id : flags.driver.run_id.size();
  const std::size_t others = std::min(longest_name, run_id + load::name_suffix_length(flags.n));
  if (flags.name_pad_length == 0 || flags.name_pad_length <= longest_name - others) return;
  throw base::Error(fmt::format("-name-pad-length: found {}, expected at most {}, so that object names have "
                                "at most {} characters",
                                flags.name_pad_length, longest_name - others, longest_name),
                    name_too_long_exit_code);
}

load::Parameters cmdriverclosed_parameters(const CmdriverclosedFlags& flags, const DriverSettings& settings,
                                           const std::vector<kube::Configuration>& servers) {
  std::string endpoints;
  for (const kube::Configuration& each : servers) {
    endpoints += (endpoints.empty() ? "" : " ") + each.server.url() + each.path_prefix;
  }
  load::Parameters parameters;
  if (const auto hash = program_sha256()) parameters.emplace_back("PROG_SHA256", *hash);
  for (auto& each : load::Parameters{{"KUBECONFIG", flags.driver.cluster.kubeconfig},
                                     {"N", flags.n},
                                     {"MAXPOP", flags.maxpop},
                                     {"CONNS", static_cast<std::uint64_t>(servers.size())},
                                     {"THREADS", flags.threads},
                                     {"RATE", flags.rate},
                                     {"UPDATES", flags.updates},
                                     {"NAME_PAD_LENGTH", flags.name_pad_length},
                                     {"HACK_CREATE", flags.hack_create},
                                     {"CREATE_VALUE_LENGTH", flags.create_value_length},
                                     {"UPDATE_VALUE_LENGTH", flags.update_value_length},
                                     {"DATAFILENAME", settings.data_file.string()},
                                     {"RUNID", settings.run_id},
                                     {"SEED", settings.seed},
                                     {"CREATE_ONLY", flags.create_only},
                                     {"ENDPOINTS", "[" + endpoints + "]"}}) {
    parameters.push_back(std::move(each));
  }
  return parameters;
}

nlohmann::ordered_json summary_parameters(const CmdriverclosedFlags& flags) {
  nlohmann::ordered_json made = {{"n", flags.n},
                                 {"maxpop", flags.maxpop},
                                 {"conns", flags.conns},
                                 {"threads", flags.threads},
                                 {"rate", flags.rate},
                                 {"updates", flags.updates},
                                 {"name-pad-length", flags.name_pad_length},
                                 {"hack-create", flags.hack_create},
                                 {"create-value-length", flags.create_value_length},
                                 {"update-value-length", flags.update_value_length},
                                 {"create-only", flags.create_only}};
  if (!flags.driver.server_list.empty()) made.erase("conns");
  return made;
}

void say_closing_line(const load::RunResult& result, const FirstAnswers& first) {
  using measure::Verb;
  const measure::Snapshot& totals = result.totals;
  const double seconds = base::to_seconds(result.driven);
  const auto writes = static_cast<double>(result.driven_operations);
  base::log_info(fmt::format(
      "{} object lifecycles in {} seconds = {} writes/sec, with {} errors on create, {} on update, and {} on "
      "delete",
      totals.of(Verb::create).done, seconds, seconds > 0 ? writes / seconds : 0.0,
      totals.of(Verb::create).failed(), totals.of(Verb::update).failed(), totals.of(Verb::remove).failed()));
  base::log_info(
      fmt::format("Protobuf length of a created object = {}, protobuf length of an updated object = {}",
                  first.created_length.load(), first.updated_length.load()));
}

DriverPlan cmdriverclosed_plan(const CmdriverclosedFlags& flags, Driver& driver, FirstAnswers& first) {
  const DriverSettings& settings = driver.settings();
  load::ObjectShape shape;
  shape.resource = kube::config_maps();
  shape.data_key = "foo";
  shape.filler = 'X';
  shape.update_length = flags.update_value_length;
  shape.encoding = driver.encoding_of(shape.resource, namespace_name);
  DriverPlan plan;
  const auto family =
      make_family(settings, flags.n, std::string(field_manager), std::move(shape), flags.create_value_length);
  family->names = load::ObjectNames(settings.run_id, flags.n, flags.name_pad_length);
  if (flags.hack_create) family->numbered_creates = settings.run_id;
  plan.family = family;
  if (flags.conns != 1 && flags.driver.server_list.empty()) plan.endpoints = flags.conns;
  plan.keeps_objects = flags.create_only;
  const bool balanced = !flags.driver.balance.empty();
  plan.make_loop = [&first, loop = loop_of(flags), balanced](const load::LoopContext& context) {
    load::ClosedLoop::Parameters parameters{loop, balanced ? 0 : context.operations.servers(), {}};
    parameters.observe = [&first](const load::Step& step, const kube::Answer& answer) {
      first.look(step, answer);
    };
    return std::make_unique<load::ClosedLoop>(context, std::move(parameters));
  };
  plan.owns = [workers = flags.threads, ours = load::lane_of(settings.part, 0, 1)](std::uint64_t number) {
    return ours.takes((number - 1) % workers + 1);
  };
  plan.paced = std::nullopt;
  if (flags.rate > 0) plan.asked_rate = flags.rate;
  plan.workers = flags.threads;
  plan.connections = std::min(static_cast<double>(flags.threads), 64.0);
  plan.parameters = [&flags, &settings](const auto& servers) {
    return cmdriverclosed_parameters(flags, settings, servers);
  };
  plan.summary_parameters = summary_parameters(flags);
  plan.closing = [&first](const load::RunResult& result) { say_closing_line(result, first); };
  return plan;
}

}  // namespace

int cmdriverclosed(const Invocation& invocation) {
  CmdriverclosedFlags flags;
  CLI::App app("Workers create, update and delete ConfigMaps, one operation at a time each: a closed loop.",
               "k8scale cmdriverclosed");
  declare_cmdriverclosed_flags(app, flags);
  app.footer(std::string(driver_exit_codes) + std::string(endpoints_exit_text));
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  base::set_verbosity(flags.driver.verbosity);
  check_cmdriverclosed_flags(flags, app);
  raise_update_length(flags);
  check_name_length(flags);
  Driver driver("cmdriverclosed", flags.driver, settings_of(flags.driver, longest_name_suffix(flags)));
  driver.connect();
  FirstAnswers first{flags.updates};
  return driver.run(cmdriverclosed_plan(flags, driver, first));
}

}  // namespace k8scale::subcommands
