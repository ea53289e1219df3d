#include "k8scale/kube/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "k8scale/base/text.h"
#include "kube/protobuf_frames.h"
#include "kube/protobuf_object.h"

namespace k8scale::kube {
namespace {

constexpr std::size_t longest_foreign_text = 512;

std::string one_line(std::string_view text) {
  std::string line(base::trim(text));
  for (char& character : line) {
    if (static_cast<unsigned char>(character) < ' ') character = ' ';
  }
  return line;
}

std::string member_text(const nlohmann::json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::chrono::seconds> pause_of(const nlohmann::json& seconds) {
  if (!seconds.is_number_unsigned()) return std::nullopt;  // no number, or less than nothing
  constexpr std::uint64_t longest = longest_retry_after.count();
  const std::uint64_t count = std::min(seconds.get<std::uint64_t>(), longest);
  if (count == 0) return std::nullopt;
  return std::chrono::seconds(count);
}

void read_details(const nlohmann::json& details, Status& status) {
  const auto seconds = details.find("retryAfterSeconds");
  if (seconds != details.end()) status.retry_after = pause_of(*seconds);
  const auto causes = details.find("causes");
  if (causes == details.end() || !causes->is_array()) return;
  for (const auto& cause : *causes) {
    if (!cause.is_object()) continue;
    StatusCause read{member_text(cause, "reason"), member_text(cause, "message"),
                     member_text(cause, "field")};
    status.causes.push_back(std::move(read));
  }
}

std::optional<Status> read_json(int http_status, std::string_view body) {
  const auto object = nlohmann::json::parse(body, nullptr, false);
  if (!object.is_object() || member_text(object, "kind") != "Status") return std::nullopt;
  Status status;
  const auto code = object.find("code");
  status.code = code != object.end() && code->is_number_integer() ? code->get<int>() : http_status;
  status.reason = member_text(object, "reason");
  status.message = member_text(object, "message");
  const auto details = object.find("details");
  if (details != object.end() && details->is_object()) read_details(*details, status);
  return status;
}

struct Meaning {
  std::string_view reason;
  std::string message;
};

Meaning client_error(int code, std::string_view method, const std::string& said) {
  switch (code) {
    case 400:
      return {"BadRequest", "the server rejected our request for an unknown reason"};
    case 401:
      return {"Unauthorized", "the server has asked for the client to provide credentials"};
    case 403:
      return {"Forbidden", said.empty() ? "forbidden" : said};
    case 404:
      return {"NotFound", "the server could not find the requested resource"};
    case 405:
      return {"MethodNotAllowed", "the server does not allow this method on the requested resource"};
    case 406:
      return {"NotAcceptable",
              "the server was unable to respond with a content type that the client supports"};
    case 409:
      return {method == "POST" ? "AlreadyExists" : "Conflict", "the server reported a conflict"};
    case 410:
      return {"Expired", "the requested version or token is no longer there"};
    case 413:
      return {"RequestEntityTooLarge", "the server said that the request is too large"};
    case 415:
      return {"UnsupportedMediaType", "the body of the request was in a format the server does not accept"};
    case 422:
      return {"Invalid", "the server rejected our request due to an error in our request"};
    case 429:
      return {"TooManyRequests",
              "the server has received too many requests and has asked us to try again later"};
    default:
      return {"Unknown",
              fmt::format("the server responded with the status code {} but did not return more information",
                          code)};
  }
}

/// The reasons and messages that client-go's errors have for answers without a Status.
Meaning meaning_of(int code, std::string_view method, const std::string& said) {
  if (code == 503) return {"ServiceUnavailable", "the server is currently unable to handle the request"};
  if (code == 504) {
    return {
        "Timeout",
        "the server was unable to return a response in the time allotted, but may still be processing the "
        "request"};
  }
  if (code >= 500) {
    return {"InternalError",
            fmt::format("an error on the server ({}) has prevented the request from succeeding",
                        base::go_quote(said))};
  }
  return client_error(code, method, said);
}

std::string with_subject(std::string message, const StatusSubject& subject) {
  if (subject.resource.empty()) return message;
  const std::string method = base::lower(subject.method);
  if (subject.name.empty()) return fmt::format("{} ({} {})", message, method, subject.resource);
  return fmt::format("{} ({} {} {})", message, method, subject.resource, subject.name);
}

}  // namespace

std::string Status::text() const { return one_line(message); }

Status parse_status(int http_status, std::string_view body, const StatusSubject& subject) {
  std::optional<Status> read =
      body.starts_with(protobuf_magic) ? parse_protobuf_status(body) : read_json(http_status, body);
  Status status = read ? std::move(*read) : Status{};
  if (!read) status.code = http_status;
  if (!status.reason.empty() && !status.message.empty()) return status;

  const std::string said = read ? std::string() : one_line(body.substr(0, longest_foreign_text));
  const Meaning meaning = meaning_of(status.code, subject.method, said);
  if (status.reason.empty()) status.reason = meaning.reason;
  if (status.message.empty()) status.message = with_subject(meaning.message, subject);
  return status;
}

}  // namespace k8scale::kube
