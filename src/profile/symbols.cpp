#include "profile/symbols.h"

#include <cxxabi.h>
#include <elfutils/libdwfl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace k8scale::profile {
namespace {

struct Free {
  void operator()(char* text) const { std::free(text); }
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

std::optional<Symbol> Symbols::find(std::uint64_t address) const {
  Dwfl* const dwfl = session_->dwfl;
  Dwfl_Module* const module = dwfl == nullptr ? nullptr : dwfl_addrmodule(dwfl, address);
  const char* const name = module == nullptr ? nullptr : dwfl_module_addrname(module, address);
  if (name == nullptr) return std::nullopt;
  Symbol symbol;
  symbol.linkage_name = name;
  symbol.function = demangled(name);
  Dwfl_Line* const line = dwfl_module_getsrc(module, address);
  int number = 0;
  const char* const file =
      line == nullptr ? nullptr : dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
  if (file != nullptr) {
    symbol.file = file;
    symbol.line = number;
  }
  return symbol;
}

}  // namespace k8scale::profile
