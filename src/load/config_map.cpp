#include "k8scale/load/config_map.h"

namespace k8scale::load {

ConfigMapText::ConfigMapText(std::string_view namespace_name, std::size_t data_length)
    : before_name_(R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":")"),
      before_time_(R"(","namespace":")" + std::string(namespace_name) +
                   R"(","labels":{"purpose":"scaletest"},"annotations":{"scaletest/createTimestamp":")"),
      after_time_(R"("}},"data":{"key1":")" + std::string(data_length, '0') + R"("}})") {}

std::string ConfigMapText::create(std::string_view name, base::WallTime now) const {
  std::string text;
  const std::string time = base::format_local_millis(now);
  text.reserve(before_name_.size() + name.size() + before_time_.size() + time.size() + after_time_.size());
  return text.append(before_name_).append(name).append(before_time_).append(time).append(after_time_);
}

}  // namespace k8scale::load
