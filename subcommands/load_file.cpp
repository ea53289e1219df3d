#include "load_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "k8scale/base/flags.h"
#include "k8scale/base/text.h"

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

CLI::Option* find_setting(CLI::App& app, const std::string& key) {
  for (CLI::Option* each : app.get_options()) {
    if (is_setting(*each) && (each->check_lname(key) || each->check_sname(key))) return each;
  }
  return nullptr;
}

std::string key_of(const CLI::Option& option) {
  const auto& names = option.get_lnames();
  return names.empty() ? option.get_snames().front() : names.front();
}

bool is_repeatable(const CLI::Option& option) { return key_of(option) == "fault"; }

// CLI11 knows no default of what may stand without a value.
std::string default_of(const CLI::Option& option) {
  if (option.get_type_name() == "BOOLEAN") return "false";
  if (option.get_expected_min() == 0) return "0";
  return option.get_default_str();
}

// What is wrong with the value of an option, without the option's name.
std::string fault_of(const CLI::Option& option, const CLI::Error& error) {
  if (error.get_name() == "ConversionError") {
    return fmt::format("found {}, expected {}", base::go_quote(option.results().back()),
                       base::lower_type_name(option));
  }
  const std::string text = error.what();
  const std::size_t at = text.find(": ");
  return at == std::string::npos || !text.starts_with("-") ? text : text.substr(at + 2);
}

class Reader {
 public:
  Reader(CLI::App& app, const std::filesystem::path& path, const std::map<std::string, ElementFault>& faults)
      : app_(app), path_(path.string()), faults_(faults) {}

  struct Content {
    std::map<std::string, std::vector<std::string>> values;
    std::map<std::string, std::string> places;
  };

  Content read() {
    try {
      const YAML::Node root = load();
      if (root.IsNull()) return {};
      if (!root.IsMap()) throw failed(root.Mark(), "", "found no map, expected `flag: value` lines");
      for (const auto& entry : root) take(entry.first, entry.second);
    } catch (const YAML::Exception& error) {
      throw failed(error.mark, "",
                   fmt::format("found no YAML ({}), expected `flag: value` lines", error.msg));
    }
    return std::move(content_);
  }

 private:
  [[nodiscard]] std::string place(const YAML::Mark& mark, const std::string& key) const {
    const std::string line = mark.is_null() ? path_ : fmt::format("{}:{}", path_, mark.line + 1);
    return key.empty() ? line : fmt::format("{}: {}", line, key);
  }
  [[nodiscard]] base::Error failed(const YAML::Mark& mark, const std::string& key,
                                   const std::string& what) const {
    return base::Error(fmt::format("{}: {}", place(mark, key), what));
  }

  [[nodiscard]] YAML::Node load() const {
    std::error_code ignored;
    if (std::filesystem::is_directory(path_, ignored)) {
      throw base::Error(fmt::format("-f: {} is a folder; expected a YAML file of flags", path_));
    }
    std::vector<YAML::Node> documents;
    try {
      documents = YAML::LoadAllFromFile(path_);
    } catch (const YAML::BadFile&) {
      throw base::Error(fmt::format("-f: {} cannot be read; expected a YAML file of flags", path_));
    }
    if (documents.size() > 1) {
      throw failed(documents[1].Mark(), "", "found a second document, expected one");
    }
    return documents.empty() ? YAML::Node() : documents.front();
  }

  void take(const YAML::Node& key_node, const YAML::Node& value) {
    const std::string key = key_node.IsScalar() ? key_node.Scalar() : "";
    CLI::Option* const option = key.empty() ? nullptr : find_setting(app_, key);
    if (option == nullptr) throw failed(key_node.Mark(), key, "found no such flag; see --help");
    if (!seen_.insert(option).second) throw failed(key_node.Mark(), key, "found twice, expected once");
    if (value.IsNull()) throw failed(key_node.Mark(), key, "found nothing, expected a value");
    const std::vector<std::string> texts = texts_of(*option, key, value);
    content_.values[key] = texts;
    if (option->count() > 0) return;  // the command line wins
    for (const auto* names : {&option->get_lnames(), &option->get_snames()}) {
      for (const std::string& each : *names) content_.places[each] = place(key_node.Mark(), key);
    }
    try {
      for (const std::string& each : texts) option->add_result(each);
      option->run_callback();
    } catch (const CLI::Error& error) {
      throw failed(value.Mark(), key, fault_of(*option, error));
    }
  }

  // Repeatable options take each element of a list.
  [[nodiscard]] std::vector<std::string> texts_of(const CLI::Option& option, const std::string& key,
                                                  const YAML::Node& value) const {
    if (value.IsScalar()) return {value.Scalar()};
    std::vector<std::string> parts;
    if (value.IsMap()) {
      for (const auto& each : value) parts.push_back(weight_of(key, each.first, each.second));
    } else {
      for (const YAML::Node& each : value) parts.push_back(element(key, each));
    }
    if (parts.empty()) throw failed(value.Mark(), key, "found an empty list, expected a value");
    if (is_repeatable(option)) return parts;
    return {fmt::format("{}", fmt::join(parts, ","))};
  }

  [[nodiscard]] std::string weight_of(const std::string& key, const YAML::Node& name,
                                      const YAML::Node& weight) const {
    if (!name.IsScalar() || !weight.IsScalar()) {
      throw failed(name.Mark(), key, "found an entry that is no `name: value`");
    }
    return checked(name.Mark(), key, name.Scalar() + "=" + weight.Scalar());
  }

  [[nodiscard]] std::string element(const std::string& key, const YAML::Node& node) const {
    if (node.IsScalar()) return checked(node.Mark(), key, node.Scalar());
    const bool step = node.IsMap() && node.size() == 2 && node["rate"] && node["for"] &&
                      node["rate"].IsScalar() && node["for"].IsScalar();
    if (!step)
      throw failed(node.Mark(), key, "found a list's element that is neither a value nor `rate` and `for`");
    return checked(node.Mark(), key, node["rate"].Scalar() + "x" + node["for"].Scalar());
  }

  [[nodiscard]] std::string checked(const YAML::Mark& mark, const std::string& key, std::string text) const {
    const auto found = faults_.find(key);
    const std::string fault = found == faults_.end() ? "" : found->second(text);
    if (!fault.empty()) throw failed(mark, key, fault);
    return text;
  }

  CLI::App& app_;
  std::string path_;
  const std::map<std::string, ElementFault>& faults_;
  std::set<const CLI::Option*> seen_;
  Content content_;
};

}  // namespace

LoadFile::LoadFile(CLI::App& app, const std::filesystem::path& path,
                   const std::map<std::string, ElementFault>& faults) {
  Reader::Content content = Reader(app, path, faults).read();
  values_ = std::move(content.values);
  places_ = std::move(content.places);
}

bool LoadFile::gave(const CLI::Option& option) const {
  const std::vector<std::string>& names = option.get_lnames();
  return std::any_of(names.begin(), names.end(),
                     [this](const std::string& each) { return places_.contains(each); });
}

void LoadFile::fill(CLI::App& app) const {
  for (const auto& [key, texts] : values_) {
    CLI::Option* const option = find_setting(app, key);
    if (option == nullptr) continue;
    try {
      for (const std::string& each : texts) option->add_result(each);
      option->run_callback();
    } catch (const CLI::Error&) {
      option->clear();  // what the command line won over may be wrong
    }
  }
}

base::Error LoadFile::located(const base::Error& error) const {
  const std::string text = error.what();
  for (const std::string& word : base::split(text, ' ')) {
    const std::size_t begin = word.find_first_not_of('-');
    if (begin == 0 || begin == std::string::npos) continue;
    const std::size_t end = std::min(word.find_first_of(":,", begin), word.size());
    const auto found = places_.find(word.substr(begin, end - begin));
    if (found == places_.end()) continue;
    const bool is_about_it_alone = text.starts_with(word) && word.ends_with(':');
    return base::Error(
        fmt::format("{}: {}", found->second, is_about_it_alone ? text.substr(word.size() + 1) : text),
        error.exit_code());
  }
  return error;
}

std::string print_load_file(const CLI::App& app, std::span<const std::string> idle,
                            const std::map<std::string, std::string>& found) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  for (const CLI::Option* each : app.get_options()) {
    const bool is_idle = std::any_of(idle.begin(), idle.end(),
                                     [&](const std::string& flag) { return each->check_name(flag); });
    if (!is_setting(*each) || is_idle) continue;
    const std::vector<std::string> given = each->results();
    if (each->get_expected_max() > 1 || is_repeatable(*each)) {
      if (!given.empty()) out << YAML::Key << key_of(*each) << YAML::Value << given;
      continue;
    }
    const auto better = found.find(key_of(*each));
    const std::string value = given.empty() ? default_of(*each) : given.back();
    out << YAML::Key << key_of(*each) << YAML::Value << (better == found.end() ? value : better->second);
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace k8scale::subcommands
