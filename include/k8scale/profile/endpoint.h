#pragma once
#include <string_view>

#include "k8scale/net/http.h"
#include "k8scale/net/server.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"

/// Profiles of this process, as pprof reads them (github.com/google/pprof).
namespace k8scale::profile {

/// Who may ask. Profiles tell much about a process, and cost it time.
enum class Askers { loopback, any };

/// Whether a request for this path is one for profiles: below `/debug/pprof` or `/pprof`.
[[nodiscard]] bool is_profile_path(std::string_view path);

/// Answers requests for profiles, on the shard that asks:
///
/// | below /debug/pprof | what |
/// |---|---|
/// | `/` | what there is |
/// | `/profile?seconds=30` | where CPU time goes meanwhile, 100 samples per second of it |
/// | `/heap` | what memory is in use for; 501 says how to have it where malloc is not gperftools' |
/// | `/cmdline` | the arguments, separated by NUL |
/// | `/symbol` | names of functions: of the addresses "0x1+0x2…" in the query or the body |
///
/// Both profiles are gzipped profile.proto.
/// Functions have their names and lines, so that pprof needs no binary; mappings have their build IDs. One
/// profile runs at a time in a process: another asker gets 503, and hears for how long. It ends at once when
/// `gone` is raised: its asker went away. Who may not ask gets 403, which says how to allow it. While no
/// profile runs, none of this costs anything.
[[nodiscard]] net::Task<net::Response> answer(const net::ServerRequest& request, Askers askers,
                                              net::Signal& gone);

/// The same, sent.
[[nodiscard]] net::Task<void> answer(const net::ServerRequest& request, Askers askers,
                                     net::Responder& responder);

}  // namespace k8scale::profile
