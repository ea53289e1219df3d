#include <CLI/CLI.hpp>
#include <cstdio>

#include "completion_scripts.h"
#include "invocation.h"
#include "k8scale/base/error.h"
#include "k8scale/base/text.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

constexpr const char* completion_footer =
    "For this shell alone:  source <(k8scale completion bash)   (or zsh)\n"
    "                       k8scale completion fish | source\n"
    "For every new one:     k8scale completion bash > ~/.local/share/bash-completion/completions/k8scale\n"
    "                       k8scale completion zsh > DIR/_k8scale, where DIR is in $fpath before compinit\n"
    "                       k8scale completion fish > ~/.config/fish/completions/k8scale.fish\n"
    "Exit codes: 0 it was printed; 1 a flag, or another shell.";

base::Error wrong_shell(const std::string& found) {
  return base::Error("found " + found + ", expected bash, zsh or fish");
}

}  // namespace

int completion(const Invocation& invocation) {
  std::string shell;
  CLI::App app("Prints a script that completes subcommands, flags and their values in a shell.",
               "k8scale completion");
  app.add_option("shell", shell, "the shell to print it for")->type_name("bash|zsh|fish")->required();
  app.footer(completion_footer);
  if (invocation.describe == nullptr && invocation.arguments.empty()) throw wrong_shell("no shell");
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  std::string script;
  if (shell == "bash") {
    script = bash_completion(all_pages());
  } else if (shell == "zsh") {
    script = zsh_completion(all_pages());
  } else if (shell == "fish") {
    script = fish_completion(all_pages());
  } else {
    throw wrong_shell(base::go_quote(shell));
  }
  std::fputs(script.c_str(), stdout);
  return 0;
}

}  // namespace k8scale::subcommands
