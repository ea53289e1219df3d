#include "pages.h"

#include "invocation.h"

namespace k8scale::subcommands {

Page page_of(const Subcommand& subcommand) {
  Page page{&subcommand, {}};
  const int described = subcommand.run({{}, &page.table});
  static_cast<void>(described);
  return page;
}

std::vector<Page> all_pages() {
  std::vector<Page> pages;
  for (const Subcommand& each : all()) pages.push_back(page_of(each));
  return pages;
}

std::vector<std::string> words_after_program() {
  std::vector<std::string> words = {"help"};
  for (const Subcommand& each : all()) words.emplace_back(each.name);
  return words;
}

}  // namespace k8scale::subcommands
