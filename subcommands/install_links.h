#pragma once
#include <filesystem>

namespace k8scale::subcommands {

/// Makes links in `folder`, and the folder, that are named like the programs that this one succeeds and lead
/// to this program's file: relative ones when that file is in the same folder, so that both can be moved
/// together. Replaces links that lead to a file of this program's name; throws base::Error, before anything
/// is made, when another file has one of the names. Prints each link.
void install_links(const std::filesystem::path& folder);

}  // namespace k8scale::subcommands
