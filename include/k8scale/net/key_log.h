#pragma once
#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/result.h"

namespace k8scale::net {

struct KeyLogFile {
  enum class ChosenBy {
    program,  ///< by its own rule, in a folder that others may write to: it must be no link, and ours alone
    user      ///< whatever it is
  };
  std::filesystem::path path;
  ChosenBy chosen_by = ChosenBy::program;
};

/// Files that the secrets of TLS connections are appended to, so that captures can be decrypted: NSS key log
/// format (draft-ietf-tls-keylogfile), TLS 1.2 and 1.3. Lines stay whole, also when several processes write
/// to one file, unless the disk is full.
class KeyLog {
 public:
  KeyLog() = default;
  ~KeyLog();
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;

  /// Before anything is written. A file that does not exist is made with mode 0600; one that the program
  /// chose gets it. A failure (kind io) names the file; a FIFO that nobody reads is one.
  [[nodiscard]] base::Result<void> add(const KeyLogFile& file);
  /// On any thread. `line` has no end of line. What cannot be written is lost; the first time it is warned
  /// of.
  void write(std::string_view line);

 private:
  struct File {
    int descriptor;
    std::string name;
  };
  std::vector<File> files_;
  std::atomic<bool> warned_ = false;
  std::atomic<bool> cut_ = false;  ///< some line was, and is to be ended before the next
};

}  // namespace k8scale::net
