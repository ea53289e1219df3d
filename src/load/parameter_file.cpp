#include "k8scale/load/parameter_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "k8scale/base/error.h"
#include "k8scale/base/text.h"

namespace k8scale::load {
namespace {

constexpr int cannot_create = 10;
constexpr int cannot_close = 11;

std::string shell_text(const std::string& text) { return base::shell_quote(text); }
template <class T>
std::string shell_text(const T& value) {
  return fmt::format("{}", value);
}

base::Error failed(const std::filesystem::path& path, std::string_view what, int exit_code) {
  return base::Error(
      fmt::format("parameter file {}: cannot {}: {}", path.string(), what, std::strerror(errno)), exit_code);
}

}  // namespace

void write_parameter_file(const std::filesystem::path& path, const Parameters& parameters) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) throw failed(path, "create", cannot_create);
  for (const auto& [name, value] : parameters) {
    file << name << '=' << std::visit([](const auto& each) { return shell_text(each); }, value) << '\n';
  }
  file.close();
  if (file) return;
  const base::Error error = failed(path, "write", cannot_close);
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) std::filesystem::remove(path, ignored);
  throw error;
}

}  // namespace k8scale::load
