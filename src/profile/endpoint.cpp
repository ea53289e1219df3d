#include "k8scale/profile/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <future>

#include "k8scale/base/files.h"
#include "k8scale/base/gzip.h"
#include "k8scale/base/number.h"
#include "k8scale/base/text.h"
#include "k8scale/net/wait.h"
#include "profile/profile_proto.h"
#include "profile/sampling.h"

namespace k8scale::profile {
using net::Task;

namespace {

constexpr std::uint64_t longest_profile = 3600;  // seconds
constexpr std::size_t most_addresses = 100'000;

constexpr std::string_view index_text =
    "Profiles of this process, for pprof:\n\n"
    "profile?seconds=30  where CPU time goes\n"
    "heap                what memory is in use for\n"
    "cmdline             the arguments\n"
    "symbol?0x1+0x2      names of functions\n\n"
    "For example: go tool pprof http://HOST:PORT/debug/pprof/profile?seconds=10\n"
    "With TLS, whose certificate is not verified: https+insecure://HOST:PORT/…\n";

net::Response respond(int status, std::string_view type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.body = std::move(body);
  return response;
}

net::Response text(int status, std::string body) {
  return respond(status, "text/plain; charset=utf-8", std::move(body));
}

// The path behind the prefix: "profile" of "/debug/pprof/profile". Nothing: it has no such prefix.
std::optional<std::string_view> name_in(std::string_view path) {
  for (const std::string_view prefix : {"/debug/pprof", "/pprof"}) {
    if (!path.starts_with(prefix)) continue;
    const std::string_view rest = path.substr(prefix.size());
    if (rest.empty()) return rest;
    if (rest.front() == '/') return rest.substr(1);
  }
  return std::nullopt;
}

// How long a profile is to take; a failure says what was found instead.
base::Result<std::chrono::seconds> duration_in(std::string_view query) {
  const base::Result<std::string> asked = net::only_value(net::query_values(query), "seconds", "30");
  if (asked.has_error()) return asked.error();
  const auto seconds = base::parse_number<std::uint64_t>(*asked);
  if (seconds && *seconds >= 1 && *seconds <= longest_profile) return std::chrono::seconds(*seconds);
  return base::Failure(base::FailureKind::protocol,
                       fmt::format("seconds: found {}, expected a whole number from 1 to {}",
                                   base::go_quote(*asked), longest_profile));
}

// What takes longer than a shard should be held up.
template <class Work>
Task<std::string> on_a_thread(Work work) {
  std::future<std::string> result = std::async(std::launch::async, work);
  while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    co_await net::sleep_for(std::chrono::milliseconds(10));
  }
  co_return result.get();
}

Task<net::Response> with_symbols(Samples samples) {
  const auto write = [&samples] {
    return base::gzip(to_profile_proto(samples, Symbols()), base::GzipEffort::usual);
  };
  std::string body = co_await on_a_thread(write);
  co_return respond(200, "application/octet-stream", std::move(body));
}

Task<net::Response> cpu_profile(std::string_view query, net::Signal& gone) {
  const base::Result<std::chrono::seconds> duration = duration_in(query);
  if (duration.has_error()) co_return text(400, duration.error().detail() + "\n");
  auto sampling = CpuSampling::start(std::chrono::steady_clock::now() + *duration);
  if (sampling.has_error()) {
    net::Response busy = text(503, sampling.error().detail() + "\n");
    const auto left =
        std::chrono::ceil<std::chrono::seconds>(CpuSampling::ends() - std::chrono::steady_clock::now());
    busy.headers.add("Retry-After", std::to_string(std::max<std::int64_t>(1, left.count())));
    co_return busy;
  }
  const auto started = std::chrono::system_clock::now().time_since_epoch();
  const bool left_alone = co_await gone.wait_until(CpuSampling::ends());
  const base::Result<std::string> raw = (*sampling)->stop();
  if (left_alone) co_return text(500, "the asker went away\n");
  if (raw.has_error()) co_return text(500, raw.error().detail() + "\n");
  Samples samples = read_cpu_profile(*raw);
  samples.start_time = std::chrono::nanoseconds(started).count();
  samples.duration = std::chrono::nanoseconds(*duration).count();
  net::Response response = co_await with_symbols(std::move(samples));
  response.headers.add("Content-Disposition", "attachment; filename=\"profile\"");
  co_return response;
}

Task<net::Response> heap_profile() {
  const std::optional<std::string> raw = sample_heap();
  if (!raw) {
    co_return text(501,
                   "this process takes no samples of its heap; start it with\n"
                   "TCMALLOC_SAMPLE_PARAMETER=524288 in its environment\n");
  }
  Samples samples = read_heap_sample(*raw);
  samples.start_time = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  net::Response response = co_await with_symbols(std::move(samples));
  co_return response;
}

// "num_symbols: 1", then a line for each address that has a name.
std::string name_addresses(const std::string& asked) {
  const Symbols symbols;
  std::string names = "num_symbols: 1\n";
  std::size_t count = 0;
  for (const std::string& each : base::split(asked, '+')) {
    const std::string_view digits = std::string_view(each).substr(each.starts_with("0x") ? 2 : 0);
    std::uint64_t address = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address, 16);
    if (error != std::errc() || ++count > most_addresses) continue;
    const std::vector<Symbol> found = symbols.find(address);
    if (!found.empty()) names += fmt::format("{}\t{}\n", each, found.back().function);
  }
  return names;
}

Task<net::Response> symbol(const net::ServerRequest& request, std::string_view query) {
  std::string asked(request.method == "POST" ? std::string_view(request.body) : query);
  const auto name = [&asked] { return name_addresses(asked); };
  std::string names = co_await on_a_thread(name);
  co_return text(200, std::move(names));
}

bool may_be_asked_by(const std::string& method, std::string_view name) {
  return method == "GET" || method == "HEAD" || (name == "symbol" && method == "POST");
}

// What takes no time; nothing for the others.
std::optional<net::Response> answer_at_once(const net::ServerRequest& request, std::string_view name,
                                            Askers askers) {
  if (askers == Askers::loopback && !request.from_loopback) {
    return text(403, "profiles are for who asks from a loopback address; --debug-from any allows all\n");
  }
  if (!may_be_asked_by(request.method, name)) {
    net::Response response = text(405, "expected GET\n");
    response.headers.add("Allow", "GET");
    return response;
  }
  if (name.empty()) return text(200, std::string(index_text));
  if (name == "cmdline") {
    base::Result<std::string> arguments = base::read_file("/proc/self/cmdline");
    return arguments.has_value() ? text(200, std::move(*arguments))
                                 : text(500, arguments.error().detail() + "\n");
  }
  const bool known = name == "profile" || name == "heap" || name == "symbol";
  return known ? std::nullopt : std::optional(text(404, std::string(index_text)));
}

}  // namespace

bool is_profile_path(std::string_view path) { return name_in(path).has_value(); }

Task<net::Response> answer(const net::ServerRequest& request, Askers askers, net::Signal& gone) {
  const auto [path, query] = net::split_target(request.target);
  const std::string_view name = name_in(path).value_or("");
  std::optional<net::Response> response = answer_at_once(request, name, askers);
  if (response) co_return std::move(*response);
  if (name == "profile") {
    response = co_await cpu_profile(query, gone);
  } else if (name == "heap") {
    response = co_await heap_profile();
  } else {
    response = co_await symbol(request, query);
  }
  co_return std::move(*response);
}

Task<void> answer(const net::ServerRequest& request, Askers askers, net::Responder& responder) {
  const net::Executor executor = co_await boost::asio::this_coro::executor;
  net::Signal gone(executor);
  responder.when_client_goes([&gone] { gone.raise(); });
  net::Response response = co_await answer(request, askers, gone);
  responder.when_client_goes(nullptr);
  const base::Result<void> sent = co_await responder.send(std::move(response));
  static_cast<void>(sent);
}

}  // namespace k8scale::profile
