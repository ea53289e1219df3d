#pragma once
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "k8scale/base/result.h"

namespace k8scale::net {

/// Files that the secrets of TLS connections are appended to, so that captures can be decrypted: NSS key log
/// format (draft-ietf-tls-keylogfile), TLS 1.2 and 1.3. Callable from any thread; lines stay whole, also when
/// several processes write to one file.
class KeyLog {
 public:
  /// Files that do not exist are made with mode 0600. A failure (kind io) names the file.
  [[nodiscard]] static base::Result<std::shared_ptr<KeyLog>> open(
      const std::vector<std::filesystem::path>& files);
  ~KeyLog();
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;

  /// `line` has no end of line. What cannot be written is lost.
  void write(std::string_view line);

 private:
  KeyLog() = default;
  std::vector<int> files_;
};

}  // namespace k8scale::net
