#pragma once
#include "invocation.h"

namespace k8scale::subcommands {

// How it is called in, exit code out; base::Error for what keeps it from starting.
int apiserver(const Invocation& invocation);
int check(const Invocation& invocation);
int cleanup(const Invocation& invocation);
int cm_logger(const Invocation& invocation);
int cmdriver(const Invocation& invocation);
int cmdriverclosed(const Invocation& invocation);
int completion(const Invocation& invocation);
int drive(const Invocation& invocation);
int flunder_driver(const Invocation& invocation);
int flunder_logger(const Invocation& invocation);
int flunder_watch(const Invocation& invocation);
int httperf(const Invocation& invocation);
int logger(const Invocation& invocation);
int man(const Invocation& invocation);
int merge(const Invocation& invocation);
int watch(const Invocation& invocation);

}  // namespace k8scale::subcommands
