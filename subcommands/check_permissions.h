#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "check_report.h"
#include "k8scale/kube/client.h"
#include "k8scale/net/shard.h"
#include "needs.h"

namespace k8scale::subcommands {

/// Asks what the server has and what it grants, each thing once.
class PermissionCheck {
 public:
  PermissionCheck(CheckReport& report, net::Shard& shard, kube::Client& client)
      : report_(report), shard_(shard), client_(client) {}

  /// Whether the namespace of the drivers is there.
  void check_namespace();
  /// Whether the subcommand's resources are there and all that it does with them is granted. What a flag
  /// needs is only a warning. `named`: the user asked for this subcommand, so that a resource that the
  /// server does not have is a failure.
  void check(std::string_view subcommand, const std::vector<Need>& needs, bool named);

 private:
  [[nodiscard]] bool serves(const kube::Resource& resource);
  [[nodiscard]] bool grants(const Need& need, const std::string& verb);
  [[nodiscard]] std::vector<std::string> refused(const Need& need);
  [[nodiscard]] std::string remedy(std::string_view subcommand, const std::vector<Need>& missing) const;

  CheckReport& report_;
  net::Shard& shard_;
  kube::Client& client_;
  std::map<std::string, bool> served_;
  std::map<std::string, bool> granted_;
};

}  // namespace k8scale::subcommands
