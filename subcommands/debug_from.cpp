#include "debug_from.h"

#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/text.h"

namespace k8scale::subcommands {

void add_debug_from(CLI::App& app, std::string& value) {
  base::add_value(app, "--debug-from", value, "who may ask for profiles at /debug/pprof")
      ->type_name("loopback|any");
}

profile::Askers askers_of(const std::string& debug_from) {
  if (debug_from == "loopback") return profile::Askers::loopback;
  if (debug_from == "any") return profile::Askers::any;
  throw base::Error("--debug-from: found " + base::go_quote(debug_from) + ", expected loopback or any");
}

}  // namespace k8scale::subcommands
