#include "k8scale/kube/client.h"
#include "kube/client_state.h"
#include "kube/protobuf_object.h"
#include "kube/request_log.h"

namespace k8scale::kube {
namespace {

// More of the body of a refusal is not read.
constexpr std::size_t longest_refusal = 64 * 1024;

// Why the server refused what a stream was opened for.
net::Task<Status> read_refusal(net::ResponseStream& stream, base::Nanoseconds idle, StatusSubject subject) {
  std::string body;
  while (body.size() < longest_refusal) {
    const base::Result<std::string_view> bytes = co_await stream.read_some(idle);
    if (bytes.has_error() || bytes->empty()) break;
    body += *bytes;
  }
  std::optional<Status> read = parse_protobuf_status(body);
  Status status = read ? std::move(*read) : parse_status(stream.head().status, body, subject);
  const auto pause = retry_after(stream.head());
  if (pause) status.retry_after = pause;
  co_return status;
}

bool may_try_fresh(const base::Failure& failure) {
  return failure.kind() == base::FailureKind::closed || failure.kind() == base::FailureKind::reset;
}

}  // namespace

net::Task<StreamAnswer> Client::State::open_stream(const Collection& collection,
                                                   const StreamRequest& wanted) {
  use_current_credential();
  net::Request request;
  request.target = configuration.path_prefix + collection.path();
  if (!wanted.query.empty()) request.target += "?" + wanted.query;
  StreamAnswer answer;
  bool fresh = false;
  bool replaced = false;
  for (bool again = true; again;) {
    again = false;
    request.headers = headers_for(wanted.accept);
    if (wanted.gzip) request.headers.add("Accept-Encoding", "gzip");
    const std::uint64_t generation = credential->generation;
    answer = StreamAnswer();
    auto opened = co_await pool->open_stream(request, fresh, wanted.cancellation);
    const bool logged = base::verbosity() >= request_verbosity;
    if (opened.has_error()) {
      if (logged) log_stream(configuration.server, request, opened.error());
      answer.failure = opened.error();
      again = !fresh && may_try_fresh(opened.error());
      fresh = true;
      continue;
    }
    net::ResponseStream& stream = **opened;
    if (logged) log_stream(configuration.server, request, stream);
    log_warnings(stream.head());
    if (stream.head().status / 100 == 2) {
      answer.stream = std::move(*opened);
      continue;
    }
    const StatusSubject subject{request.method, collection.qualified(), ""};
    answer.status = co_await read_refusal(stream, options.request_timeout, subject);
    if (stream.head().status != 401 || replaced) continue;
    replaced = true;
    again = co_await credentials->replace(shard, generation);
    if (again) use_current_credential();
  }
  co_return std::move(answer);
}

net::Task<StreamAnswer> Client::open_stream(const Collection& collection, const StreamRequest& request) {
  return state_->open_stream(collection, request);
}

}  // namespace k8scale::kube
