#include "man_page.h"

#include <fmt/format.h>

#include <optional>

#include "general.h"
#include "k8scale/base/text.h"
#include "variables.h"

namespace k8scale::subcommands {
namespace {

constexpr std::string_view exit_codes_mark = "Exit codes: ";

// Text that roff shows as it is: nothing in it is a request or an escape, and `-` is what a shell wants.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool begins_line = out.empty() || out.back() == '\n';
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    if (c == '|' || c == ',' || c == '/') out += "\\:";  // a long word may be broken there
  }
  return out;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string bold(std::string_view text) { return fmt::format("\\fB{}\\fR", plain(text)); }
std::string italic(std::string_view text) { return fmt::format("\\fI{}\\fR", plain(text)); }

std::string heading_lines(const std::string& name, std::string_view summary) {
  return fmt::format(".TH {0} 1 \"\" \"k8scale {1}\" \"User Commands\"\n.SH NAME\n{2} \\- {3}\n",
                     plain(upper(name)), K8SCALE_VERSION, plain(name), plain(summary));
}

std::string names_of(const Flag& flag) {
  std::string text;
  for (const std::string& name : flag.names) text += (text.empty() ? "" : ", ") + bold(with_dashes(name));
  if (flag.value.use == ValueUse::required) text += " " + italic(flag.value.name);
  if (flag.value.use == ValueUse::optional) {
    const std::string value = flag.value.name.starts_with("[=") ? "N" : flag.value.name;
    text += "[=" + italic(value) + "]";
  }
  if (flag.repeats) text += " ...";
  return text;
}

std::string flag_paragraph(const Flag& flag) {
  std::string text = fmt::format(".TP\n{}\n{}", names_of(flag), plain(flag.help));
  if (!flag.default_value.empty()) text += fmt::format(" (default {})", plain(flag.default_value));
  return text + "\n";
}

// What stands below the flags in --help: words about the subcommand, then its exit codes.
std::string footer_sections(const std::string& footer) {
  const std::size_t mark = footer.find(exit_codes_mark);
  const std::string notes(base::trim(footer.substr(0, mark)));
  std::string text;
  if (!notes.empty()) text += fmt::format(".SH NOTES\n.nf\n{}\n.fi\n", plain(notes));
  if (mark == std::string::npos) return text;
  return text + fmt::format(".SH EXIT STATUS\n{}\n", plain(footer.substr(mark + exit_codes_mark.size())));
}

std::string variable_paragraph(const Variable& variable) {
  std::string names;
  for (const std::string& each : base::split(variable.names, ' ')) {
    names += (names.empty() ? "" : ", ") + bold(each);
  }
  return fmt::format(".TP\n{}\n{}\n", names, plain(variable.summary));
}

// Of those that `is_told` chooses; nothing when there are none.
template <class Choice>
std::string environment_section(Choice is_told) {
  std::string text;
  for (const Variable& each : variables()) {
    if (is_told(each)) text += variable_paragraph(each);
  }
  return text.empty() ? "" : ".SH ENVIRONMENT\n" + text;
}

std::string synopsis(const Page& page) {
  std::string text = fmt::format(".SH SYNOPSIS\n{} [{}]", bold(page.table.program), italic("FLAGS"));
  for (const Argument& each : page.table.arguments) {
    const std::string name = italic(each.value.name) + (each.repeats ? "..." : "");
    text += each.required ? " " + name : " [" + name + "]";
  }
  return text + "\n";
}

}  // namespace

std::string man_page_name(const Page& page) { return fmt::format("k8scale-{}", page.subcommand->name); }

std::string man_page(const Page& page) {
  std::string text = heading_lines(man_page_name(page), page.subcommand->summary) + synopsis(page);
  text += fmt::format(".SH DESCRIPTION\n{}\n", plain(page.table.description));
  if (page.subcommand->link == Link::yes) {
    text += fmt::format("A link to the program that is named {} is the same.\n", bold(page.subcommand->name));
  }
  text +=
      ".SH FLAGS\nA flag takes one dash or two, and its value after a blank or =; that of a switch (true or "
      "false) after = alone.\n";
  for (const Flag& flag : page.table.flags) text += flag_paragraph(flag);
  text += footer_sections(page.table.footer);
  text += environment_section([&](const Variable& each) { return is_read(each, page.table); });
  return text + ".SH SEE ALSO\n.BR k8scale (1)\n";
}

std::string overview_man_page(std::span<const Page> pages) {
  std::string text = heading_lines("k8scale", "measure the Kubernetes API machinery");
  text += ".SH SYNOPSIS\n.B k8scale\n.I SUBCOMMAND\n[\\fIFLAGS\\fR]\n.SH DESCRIPTION\n";
  text += plain(program_description) + "\n.SH SUBCOMMANDS\n";
  std::optional<Group> group;
  for (const Page& page : pages) {
    if (group != page.subcommand->group) text += fmt::format(".SS {}\n", heading(page.subcommand->group));
    group = page.subcommand->group;
    text += fmt::format(".TP\n.BR {} (1)\n{}\n", plain(man_page_name(page)), plain(page.subcommand->summary));
  }
  text += ".SH OTHER USES\n";
  for (const OtherUse& each : other_uses()) {
    text += fmt::format(".TP\n{}\n{}\n", bold(each.words), plain(each.summary));
  }
  return text + environment_section([](const Variable&) { return true; });
}

}  // namespace k8scale::subcommands
