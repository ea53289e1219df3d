#pragma once
#include <map>
#include <optional>
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
  /// needs is a finding of its own, and only a warning. `named`: the user asked for this subcommand, so that
  /// a resource that the server does not have is a failure, and flags are told that lack nothing.
  void check(std::string_view subcommand, const std::vector<Need>& needs, bool named);

 private:
  /// Of those needs of a subcommand that are always there, or are for the same flag.
  struct Use {
    std::string subcommand;
    std::string only_for;
    std::vector<Need> needs;

    [[nodiscard]] bool is_for_flag() const { return !only_for.empty(); }
    [[nodiscard]] std::string name() const { return subcommand + (is_for_flag() ? " " : "") + only_for; }
  };

  [[nodiscard]] static std::vector<Use> uses_of(std::string_view subcommand, const std::vector<Need>& needs);
  /// What the use is about and the server does not have.
  [[nodiscard]] std::optional<kube::Resource> missing(const Use& use);
  [[nodiscard]] Finding look(const Use& use);
  [[nodiscard]] bool serves(const kube::Resource& resource);
  [[nodiscard]] bool grants(const Need& need, const std::string& verb);
  [[nodiscard]] std::vector<std::string> refused(const Need& need);

  CheckReport& report_;
  net::Shard& shard_;
  kube::Client& client_;
  std::map<std::string, bool> served_;
  std::map<std::string, bool> granted_;
};

}  // namespace k8scale::subcommands
