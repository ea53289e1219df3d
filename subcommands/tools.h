#pragma once
#include <string>
#include <vector>

#include "k8scale/base/flags.h"

namespace k8scale::subcommands {

// What follows the subcommand's name in, exit code out; base::Error for what keeps it from starting.
int apiserver(const std::vector<std::string>& arguments);
int cleanup(const std::vector<std::string>& arguments);
int cm_logger(const std::vector<std::string>& arguments);
int cmdriver(const std::vector<std::string>& arguments);
int cmdriverclosed(const std::vector<std::string>& arguments);
int drive(const std::vector<std::string>& arguments);
int flunder_driver(const std::vector<std::string>& arguments);
int flunder_logger(const std::vector<std::string>& arguments);
int flunder_watch(const std::vector<std::string>& arguments);
int httperf(const std::vector<std::string>& arguments);
int logger(const std::vector<std::string>& arguments);
int merge(const std::vector<std::string>& arguments);
int watch(const std::vector<std::string>& arguments);

/// Prints what parsing came to, for a program of that name, and returns the exit code.
int print_outcome(const base::ParseOutcome& outcome, const std::string& program);

}  // namespace k8scale::subcommands
