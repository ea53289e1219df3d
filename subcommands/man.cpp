#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "exit_codes.h"
#include "invocation.h"
#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/base/flags.h"
#include "man_page.h"
#include "tools.h"
#include "unknown_word.h"

namespace k8scale::subcommands {
namespace {

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw base::Error(fmt::format("--output: {}: {}", folder.string(), error.message()),
                      output_lost_exit_code);
  }
}

void write_page(const std::filesystem::path& folder, const std::string& name, const std::string& text) {
  const base::Result<void> written = base::write_file_whole(folder / (name + ".1"), text);
  if (written.has_error()) throw base::Error("--output: " + written.error().detail(), output_lost_exit_code);
}

// Pages of links are found under both names.
void write_all(const std::filesystem::path& folder) {
  const std::vector<Page> pages = all_pages();
  make_folder(folder);
  write_page(folder, "k8scale", overview_man_page(pages));
  for (const Page& page : pages) {
    const std::string text = man_page(page);
    write_page(folder, man_page_name(page), text);
    if (page.subcommand->link == Link::yes) write_page(folder, std::string(page.subcommand->name), text);
  }
}

}  // namespace

int man(const Invocation& invocation) {
  std::string name;
  std::string folder;
  CLI::App app("Prints the manual page of a subcommand or, without one, of the program.", "k8scale man");
  app.add_option("subcommand", name, "whose page")->type_name("SUBCOMMAND");
  base::add_value(app, "--output", folder, "instead: folder to write all pages to, made when it is missing")
      ->type_name("DIR");
  app.footer(
      "To read a page: k8scale man cmdriver | man -l -\n"
      "For man to find them by name: k8scale man --output DIR/man1, with DIR in $MANPATH.\n"
      "Exit codes: 0 it was printed; 1 a flag; 2 an unknown subcommand; 12 --output cannot be written.");
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  if (!folder.empty()) {
    if (!name.empty()) throw base::Error("--output writes all pages: expected no subcommand beside it");
    write_all(folder);
    return 0;
  }
  const Subcommand* subcommand = name.empty() ? nullptr : find(name);
  if (!name.empty() && subcommand == nullptr) throw unknown_subcommand(name);
  const std::string page = subcommand ? man_page(page_of(*subcommand)) : overview_man_page(all_pages());
  std::fputs(page.c_str(), stdout);
  return 0;
}

}  // namespace k8scale::subcommands
