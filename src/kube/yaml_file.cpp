#include "kube/yaml_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/kube/configuration.h"

namespace k8scale::kube {
namespace {

nlohmann::json to_json(const YAML::Node& node) {
  if (node.IsMap()) {
    nlohmann::json object = nlohmann::json::object();
    for (const auto& entry : node) object[entry.first.as<std::string>()] = to_json(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    nlohmann::json array = nlohmann::json::array();
    for (const auto& entry : node) array.push_back(to_json(entry));
    return array;
  }
  if (!node.IsScalar()) return nullptr;
  const auto text = node.as<std::string>();
  const bool plain = node.Tag() != "!";  // "!": it was quoted
  const auto parsed = plain ? nlohmann::json::parse(text, nullptr, false)
                            : nlohmann::json(nlohmann::json::value_t::discarded);
  return parsed.is_boolean() || parsed.is_number() ? parsed : nlohmann::json(text);
}

std::string_view kind_of(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  return node.IsScalar() ? "a value" : "nothing";
}

}  // namespace

YamlPlace::YamlPlace(std::filesystem::path file, const YAML::Node& node, std::string path, int line)
    : file_(std::move(file)), node_(node), path_(std::move(path)), line_(line) {
  if (node.IsDefined() && node.Mark().line >= 0) line_ = node.Mark().line + 1;
}

YamlPlace YamlPlace::open(const std::filesystem::path& file) {
  const base::Result<std::string> text = base::read_file(file);
  if (text.has_error()) throw base::Error("kubeconfig " + text.error().detail(), configuration_exit_code);
  try {
    YamlPlace top(file, YAML::Load(*text), "");
    if (!top.node_.IsMap() && !top.empty())
      top.fail(fmt::format("found {}, expected a map: a kubeconfig", kind_of(top.node_)));
    return top;
  } catch (const YAML::Exception& error) {
    throw base::Error(fmt::format("{}:{}: not YAML: {}", file.string(), error.mark.line + 1, error.msg),
                      configuration_exit_code);
  }
}

bool YamlPlace::empty() const { return !node_.IsDefined() || node_.IsNull(); }

YamlPlace YamlPlace::operator[](const std::string& name) const {
  const std::string path = path_.empty() ? name : path_ + "." + name;
  if (empty()) return {file_, YAML::Node(YAML::NodeType::Undefined), path, line_};
  if (!node_.IsMap()) fail(fmt::format("found {}, expected a map", kind_of(node_)));
  const YAML::Node& constant = node_;
  return {file_, constant[name], path, line_};
}

std::string YamlPlace::text() const {
  if (empty()) return {};
  if (!node_.IsScalar()) fail(fmt::format("found {}, expected a text", kind_of(node_)));
  return node_.as<std::string>();
}

bool YamlPlace::boolean() const {
  if (empty()) return false;
  bool value = false;
  if (!node_.IsScalar() || !YAML::convert<bool>::decode(node_, value))
    fail("found something else, expected true or false");
  return value;
}

std::vector<YamlPlace> YamlPlace::list() const {
  std::vector<YamlPlace> places;
  if (empty()) return places;
  if (!node_.IsSequence()) fail(fmt::format("found {}, expected a list", kind_of(node_)));
  for (std::size_t i = 0; i < node_.size(); ++i)
    places.emplace_back(file_, node_[i], fmt::format("{}[{}]", path_, i));
  return places;
}

std::vector<std::pair<std::string, YamlPlace>> YamlPlace::map() const {
  std::vector<std::pair<std::string, YamlPlace>> places;
  if (empty()) return places;
  if (!node_.IsMap()) fail(fmt::format("found {}, expected a map", kind_of(node_)));
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar())
      fail(fmt::format("found {} as a name, expected a text", kind_of(entry.first)));
    const auto name = entry.first.as<std::string>();
    places.emplace_back(name, YamlPlace(file_, entry.second, path_ + "." + name));
  }
  return places;
}

std::string YamlPlace::json() const {
  if (empty()) return {};
  try {
    return to_json(node_).dump();
  } catch (const std::exception&) {
    fail("found names or texts that JSON cannot have, expected what it can");
  }
}

std::string YamlPlace::where() const {
  return file_.string() + (line_ > 0 ? fmt::format(":{}", line_) : "") + (path_.empty() ? "" : ": " + path_);
}

void YamlPlace::fail(std::string_view found_and_expected) const {
  throw base::Error(fmt::format("{}: {}", where(), found_and_expected), configuration_exit_code);
}

}  // namespace k8scale::kube
