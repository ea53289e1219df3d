#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "k8scale/base/time.h"

namespace k8scale::load {

/// The ConfigMaps that cmdriver creates, as JSON: everything but name and time is made once.
class ConfigMapText {
 public:
  /// `data_length` is the length of the value of `key1`, all zeros.
  ConfigMapText(std::string_view namespace_name, std::size_t data_length);

  /// The object `name`, with the annotation scaletest/createTimestamp.
  [[nodiscard]] std::string create(std::string_view name, base::WallTime now) const;

 private:
  std::string before_name_;
  std::string before_time_;
  std::string after_time_;
};

}  // namespace k8scale::load
