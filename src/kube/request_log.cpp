#include "kube/request_log.h"

#include <fmt/format.h>

namespace k8scale::kube {
namespace {

std::string line(const net::Endpoint& server, const net::Request& request) {
  return fmt::format("{} {}{}: ", request.method, server.url(), request.target);
}

std::string outcome(const net::Exchange& exchange) {
  if (exchange.failure) return exchange.failure->message();
  return fmt::format("{}, {} bytes", exchange.response.status, exchange.bytes_received);
}

}  // namespace

void log_attempt(const net::Endpoint& server, const net::Request& request, const net::Exchange& exchange,
                 int number, std::string_view follows) {
  if (follows.empty() && base::verbosity() < request_verbosity) return;
  std::string text = fmt::format("{}{} in {}", line(server, request), outcome(exchange),
                                 base::format_duration(exchange.timing.done - exchange.timing.started));
  if (number > 1) text += fmt::format(", attempt {}", number);
  if (!follows.empty()) text += fmt::format("; {}", follows);
  base::log_info(text);
}

void log_stream(const net::Endpoint& server, const net::Request& request, const net::ResponseStream& stream) {
  const net::Timing& timing = stream.timing();
  base::log_info(fmt::format("{}{} in {}", line(server, request), stream.head().status,
                             base::format_duration(timing.first_byte - timing.started)));
}

void log_stream(const net::Endpoint& server, const net::Request& request, const base::Failure& failure) {
  base::log_info(line(server, request) + failure.message());
}

}  // namespace k8scale::kube
