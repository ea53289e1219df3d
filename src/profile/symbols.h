#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace k8scale::profile {

/// A file that code of this process comes from.
struct Mapping {
  std::uint64_t start = 0, limit = 0, offset = 0;  ///< in memory; in the file
  std::string file;
  std::string build_id;  ///< in hexadecimal, empty when it has none
};

struct Symbol {
  std::string function;      ///< as C++ spells it
  std::string linkage_name;  ///< as the linker spells it
  std::string file;          ///< of the source, empty when not known
  std::int64_t line = 0;     ///< 0: not known
};

/// What addresses of this process mean, by the ELF symbols and DWARF lines of its files (elfutils' libdw).
/// Takes a while to make, and memory while it lives.
class Symbols {
 public:
  Symbols();
  ~Symbols();
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;

  [[nodiscard]] const std::vector<Mapping>& mappings() const { return mappings_; }
  /// The function there, before it those that were inlined into it at this address, the innermost first; each
  /// with the line that runs. Empty when no function is known there.
  [[nodiscard]] std::vector<Symbol> find(std::uint64_t address) const;

 private:
  struct Session;
  std::unique_ptr<Session> session_;
  std::vector<Mapping> mappings_;
};

}  // namespace k8scale::profile
