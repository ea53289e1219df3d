#include "version.h"

#include <elfutils/version.h>
#include <fmt/format.h>
#include <gperftools/tcmalloc.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>
#include <zlib.h>

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <protozero/version.hpp>

#include "commit.h"

namespace k8scale::subcommands {
namespace {

nlohmann::ordered_json libraries() {
  const auto dotted = [](int major, int minor, int patch) {
    return fmt::format("{}.{}.{}", major, minor, patch);
  };
  return {
      {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
      {"zlib", zlibVersion()},
      {"Boost", dotted(BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1'000, BOOST_VERSION % 100)},
      {"fmt", dotted(FMT_VERSION / 10'000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"spdlog", dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
      {"nlohmann-json",
       dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
      {"simdjson", K8SCALE_SIMDJSON_VERSION},
      {"protozero", PROTOZERO_VERSION_STRING},
      {"yaml-cpp", K8SCALE_YAML_CPP_VERSION},
      {"CLI11", CLI11_VERSION},
      {"gperftools", dotted(TC_VERSION_MAJOR, TC_VERSION_MINOR, 0)},
      {"elfutils", fmt::format("0.{}", _ELFUTILS_VERSION)},
  };
}

}  // namespace

nlohmann::ordered_json version_json() {
  return {{"version", K8SCALE_VERSION},
          {"commit", commit()},
          {"compiler", K8SCALE_COMPILER},
          {"build_type", K8SCALE_BUILD_TYPE},
          {"libraries", libraries()}};
}

std::string version_text() {
  std::string text = fmt::format("k8scale {}\n", K8SCALE_VERSION);
  text += fmt::format("commit    {}\n", commit());
  text += fmt::format("compiler  {}, {}\n", K8SCALE_COMPILER, K8SCALE_BUILD_TYPE);
  std::string_view before = "libraries ";
  const nlohmann::ordered_json versions = libraries();
  for (const auto& [name, version] : versions.items()) {
    text += fmt::format("{:<10}{} {}\n", before, name, version.get<std::string>());
    before = "";
  }
  return text;
}

}  // namespace k8scale::subcommands
