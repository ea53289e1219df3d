#pragma once
#include <string_view>

#include "k8scale/base/log.h"
#include "k8scale/net/pool.h"

/// What the log says of requests: of each at -v 6, of those that are sent again at -v 4. Only the request's
/// line is shown, which has no secret.
namespace k8scale::kube {

inline constexpr int request_verbosity = 6;
inline constexpr int retry_verbosity = 4;

/// One attempt, the `number`-th from 1 of its call. `follows` says what comes after it when the request is
/// sent again; else it is empty.
void log_attempt(const net::Endpoint& server, const net::Request& request, const net::Exchange& exchange,
                 int number, std::string_view follows);
/// The answer to the request for a list or a watch: its body is still to come.
void log_stream(const net::Endpoint& server, const net::Request& request, const net::ResponseStream& stream);
void log_stream(const net::Endpoint& server, const net::Request& request, const base::Failure& failure);

}  // namespace k8scale::kube
