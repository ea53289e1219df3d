#pragma once
#include <stdexcept>
#include <string>

namespace k8scale::base {

/// A start-up error that a person can act on. `main` prints it as one line and exits with `exit_code`.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, int exit_code = 1)
      : std::runtime_error(message), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

}  // namespace k8scale::base
