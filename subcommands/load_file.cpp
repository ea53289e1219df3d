#include "load_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "k8scale/base/error.h"

namespace k8scale::subcommands {
namespace {

// Options that are about the file itself.
bool is_setting(const CLI::Option& option) {
  constexpr std::array others = {"help", "f", "print-config"};
  const std::string name = option.get_name(false, false);
  return std::none_of(
             others.begin(), others.end(),
             [&](const char* each) { return option.check_lname(each) || option.check_sname(each); }) &&
         !name.empty();
}

std::string key_of(const CLI::Option& option) {
  const auto& names = option.get_lnames();
  return names.empty() ? option.get_snames().front() : names.front();
}

// CLI11 knows no default of what may stand without a value.
std::string default_of(const CLI::Option& option) {
  if (option.get_type_name() == "BOOLEAN") return "false";
  if (option.get_expected_min() == 0) return "0";
  return option.get_default_str();
}

class LoadFile {
 public:
  LoadFile(CLI::App& app, const std::filesystem::path& path) : app_(app), path_(path.string()) {}

  void apply() {
    const YAML::Node root = load();
    if (root.IsNull()) return;
    if (!root.IsMap()) throw failed(root.Mark(), "", "found no map, expected `flag: value` lines");
    for (const auto& entry : root) take(entry.first, entry.second);
  }

 private:
  [[nodiscard]] base::Error failed(const YAML::Mark& mark, const std::string& key,
                                   const std::string& what) const {
    const std::string where = mark.is_null() ? path_ : fmt::format("{}:{}", path_, mark.line + 1);
    return base::Error(fmt::format("{}: {}{}{}", where, key, key.empty() ? "" : ": ", what));
  }

  [[nodiscard]] YAML::Node load() const {
    try {
      return YAML::LoadFile(path_);
    } catch (const YAML::BadFile&) {
      throw base::Error(fmt::format("-f: {} cannot be read; expected a YAML file of flags", path_));
    } catch (const YAML::Exception& error) {
      throw failed(error.mark, "", error.msg);
    }
  }

  void take(const YAML::Node& key_node, const YAML::Node& value) {
    const std::string key = key_node.IsScalar() ? key_node.Scalar() : "";
    CLI::Option* const option = key.empty() ? nullptr : find(key);
    if (option == nullptr) throw failed(key_node.Mark(), key, "found no such flag; see --help");
    if (!seen_.insert(option).second) throw failed(key_node.Mark(), key, "found twice, expected once");
    const std::vector<std::string> texts = texts_of(key, value);
    if (option->count() > 0) return;  // the command line wins
    try {
      for (const std::string& each : texts) option->add_result(each);
      option->run_callback();
    } catch (const CLI::Error& error) {
      throw failed(value.Mark(), key, error.what());
    }
  }

  [[nodiscard]] CLI::Option* find(const std::string& key) const {
    for (CLI::Option* each : app_.get_options()) {
      if (is_setting(*each) && (each->check_lname(key) || each->check_sname(key))) return each;
    }
    return nullptr;
  }

  // Repeatable options take each element of a list.
  [[nodiscard]] std::vector<std::string> texts_of(const std::string& key, const YAML::Node& value) const {
    if (value.IsScalar()) return {value.Scalar()};
    std::vector<std::string> parts;
    if (value.IsMap()) {
      for (const auto& each : value) parts.push_back(each.first.Scalar() + "=" + each.second.Scalar());
    } else if (value.IsSequence()) {
      for (const YAML::Node& each : value) parts.push_back(element(key, each));
    } else {
      throw failed(value.Mark(), key, "found nothing, expected a value");
    }
    if (key == "fault") return parts;
    return {fmt::format("{}", fmt::join(parts, ","))};
  }

  [[nodiscard]] std::string element(const std::string& key, const YAML::Node& node) const {
    if (node.IsScalar()) return node.Scalar();
    const bool step = node.IsMap() && node.size() == 2 && node["rate"] && node["for"];
    if (!step)
      throw failed(node.Mark(), key, "found a list's element that is neither a value nor `rate` and `for`");
    return node["rate"].Scalar() + "x" + node["for"].Scalar();
  }

  CLI::App& app_;
  std::string path_;
  std::set<const CLI::Option*> seen_;
};

}  // namespace

void apply_load_file(CLI::App& app, const std::filesystem::path& path) { LoadFile(app, path).apply(); }

std::string print_load_file(const CLI::App& app, std::span<const std::string> idle) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  for (const CLI::Option* each : app.get_options()) {
    const bool is_idle = std::any_of(idle.begin(), idle.end(),
                                     [&](const std::string& flag) { return each->check_name(flag); });
    if (!is_setting(*each) || is_idle) continue;
    const std::vector<std::string> given = each->results();
    if (each->get_expected_max() > 1 || key_of(*each) == "fault") {
      if (!given.empty()) out << YAML::Key << key_of(*each) << YAML::Value << given;
      continue;
    }
    out << YAML::Key << key_of(*each) << YAML::Value << (given.empty() ? default_of(*each) : given.back());
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace k8scale::subcommands
