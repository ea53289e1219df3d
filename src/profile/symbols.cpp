#include "profile/symbols.h"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace k8scale::profile {
namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, Free> text(abi::__cxa_demangle(name, nullptr, nullptr, &status));
  return status == 0 && text ? text.get() : name;
}

// The executable parts of /proc/self/maps: "START-END PERMISSIONS OFFSET DEVICE INODE FILE".
std::vector<Mapping> read_mappings() {
  std::vector<Mapping> mappings;
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    std::istringstream fields(line);
    std::string range, permissions, offset, device, inode, file;
    fields >> range >> permissions >> offset >> device >> inode;
    std::getline(fields >> std::ws, file);
    if (permissions.size() < 3 || permissions[2] != 'x' || file.empty()) continue;
    Mapping mapping;
    mapping.start = std::stoull(range, nullptr, 16);
    mapping.limit = std::stoull(range.substr(range.find('-') + 1), nullptr, 16);
    mapping.offset = std::stoull(offset, nullptr, 16);
    mapping.file = file;
    mappings.push_back(std::move(mapping));
  }
  return mappings;
}

std::string build_id_of(Dwfl_Module* module) {
  const unsigned char* bytes = nullptr;
  GElf_Addr address = 0;
  GElf_Addr bias = 0;
  dwfl_module_getelf(module, &bias);  // where the ID is found
  const int size = dwfl_module_build_id(module, &bytes, &address);
  std::string text;
  for (int i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

// In a source file; the file is empty and the line 0 when not known.
struct Place {
  std::string file;
  std::int64_t line = 0;
};

Place place_at(Dwfl_Module* module, std::uint64_t address) {
  Dwfl_Line* const line = dwfl_module_getsrc(module, address);
  int number = 0;
  const char* const file =
      line == nullptr ? nullptr : dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
  return file == nullptr ? Place() : Place{file, number};
}

Dwarf_Word number_in(Dwarf_Die& die, unsigned attribute) {
  Dwarf_Attribute found{};
  Dwarf_Word number = 0;
  if (dwarf_attr(&die, attribute, &found) != nullptr) dwarf_formudata(&found, &number);
  return number;
}

// Where an inlined function is called.
Place place_of_call(Dwarf_Die& inlined) {
  Dwarf_Die unit{};
  Dwarf_Files* files = nullptr;
  if (dwarf_diecu(&inlined, &unit, nullptr, nullptr) == nullptr) return {};
  if (dwarf_getsrcfiles(&unit, &files, nullptr) != 0) return {};
  const char* const file = dwarf_filesrc(files, number_in(inlined, DW_AT_call_file), nullptr, nullptr);
  if (file == nullptr) return {};
  return {file, static_cast<std::int64_t>(number_in(inlined, DW_AT_call_line))};
}

// As the linker would spell it; C has only names.
std::string linkage_name_of(Dwarf_Die& function) {
  Dwarf_Attribute attribute{};
  const char* name = nullptr;
  if (dwarf_attr_integrate(&function, DW_AT_linkage_name, &attribute) != nullptr) {
    name = dwarf_formstring(&attribute);
  }
  if (name == nullptr) name = dwarf_diename(&function);
  return name == nullptr ? "?" : name;
}

// The functions that were inlined at this address, the innermost first.
std::vector<Dwarf_Die> inlined_at(Dwfl_Module* module, std::uint64_t address) {
  Dwarf_Addr bias = 0;
  Dwarf_Die* const unit = dwfl_module_addrdie(module, address, &bias);
  Dwarf_Die* scopes = nullptr;
  if (unit == nullptr || dwarf_getscopes(unit, address - bias, &scopes) <= 0) return {};
  const std::unique_ptr<Dwarf_Die, Free> innermost(scopes);
  Dwarf_Die* around = nullptr;  // where the code is, not where it was declared
  const int count = dwarf_getscopes_die(innermost.get(), &around);
  const std::unique_ptr<Dwarf_Die, Free> owned(around);
  std::vector<Dwarf_Die> inlined;
  for (int i = 0; i < count && dwarf_tag(&around[i]) != DW_TAG_subprogram; ++i) {
    if (dwarf_tag(&around[i]) == DW_TAG_inlined_subroutine) inlined.push_back(around[i]);
  }
  return inlined;
}

Symbol symbol_of(const std::string& name, const Place& place) {
  return {demangled(name.c_str()), name, place.file, place.line};
}

}  // namespace

struct Symbols::Session {
  // Where to look for debug information that stands apart.
  char* debug_path = nullptr;
  Dwfl_Callbacks callbacks{dwfl_linux_proc_find_elf, dwfl_standard_find_debuginfo, nullptr, &debug_path};
  Dwfl* dwfl = dwfl_begin(&callbacks);

  Session() = default;
  ~Session() { dwfl_end(dwfl); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
};

Symbols::Symbols() : session_(std::make_unique<Session>()), mappings_(read_mappings()) {
  Dwfl* const dwfl = session_->dwfl;
  if (dwfl == nullptr) return;
  dwfl_report_begin(dwfl);
  dwfl_linux_proc_report(dwfl, ::getpid());
  dwfl_report_end(dwfl, nullptr, nullptr);
  for (Mapping& each : mappings_) {
    Dwfl_Module* const module = dwfl_addrmodule(dwfl, each.start);
    if (module != nullptr) each.build_id = build_id_of(module);
  }
}

Symbols::~Symbols() = default;

std::vector<Symbol> Symbols::find(std::uint64_t address) const {
  Dwfl* const dwfl = session_->dwfl;
  Dwfl_Module* const module = dwfl == nullptr ? nullptr : dwfl_addrmodule(dwfl, address);
  const char* const name = module == nullptr ? nullptr : dwfl_module_addrname(module, address);
  if (name == nullptr) return {};
  Place place = place_at(module, address);
  std::vector<Symbol> symbols;
  for (Dwarf_Die& each : inlined_at(module, address)) {
    symbols.push_back(symbol_of(linkage_name_of(each), place));
    place = place_of_call(each);
  }
  symbols.push_back(symbol_of(name, place));
  return symbols;
}

}  // namespace k8scale::profile
