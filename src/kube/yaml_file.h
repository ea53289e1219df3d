#pragma once
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace k8scale::kube {

/// A place in a YAML file, for reading what should be there and for saying where it is. Throws base::Error
/// (exit code 20) when something has another type than expected.
class YamlPlace {
 public:
  /// `line` counts when the node has none of its own: a field that is not there is said to be missing in the
  /// line of its map. 0 for none.
  YamlPlace(std::filesystem::path file, const YAML::Node& node, std::string path, int line = 0);

  /// Reads a whole file; its top must be a map.
  [[nodiscard]] static YamlPlace open(const std::filesystem::path& file);

  /// Not there, or null.
  [[nodiscard]] bool empty() const;
  [[nodiscard]] YamlPlace operator[](const std::string& name) const;
  [[nodiscard]] std::string text() const;  ///< "" when not there
  [[nodiscard]] bool boolean() const;      ///< false when not there
  [[nodiscard]] std::vector<YamlPlace> list() const;
  [[nodiscard]] std::vector<std::pair<std::string, YamlPlace>> map() const;
  /// The same as JSON text.
  [[nodiscard]] std::string json() const;

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  /// "FILE:LINE: users[admin].user.token".
  [[nodiscard]] std::string where() const;
  [[noreturn]] void fail(std::string_view found_and_expected) const;
  [[nodiscard]] YamlPlace renamed(std::string path) const { return {file_, node_, std::move(path), line_}; }

 private:
  std::filesystem::path file_;
  YAML::Node node_;
  std::string path_;
  int line_;
};

}  // namespace k8scale::kube
