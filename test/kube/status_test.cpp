#include "k8scale/kube/status.h"

#include <string>

#include "catch.h"
#include "kube/client_state.h"

namespace kube = k8scale::kube;
using namespace std::chrono_literals;

TEST_CASE("a Status is read with its details") {
  const kube::Status status =
      kube::parse_status(422, R"({"kind":"Status","apiVersion":"v1","status":"Failure",
    "message":"ConfigMap \"X\" is invalid","reason":"Invalid","code":422,"details":{"name":"X","kind":"ConfigMap",
    "retryAfterSeconds":7,"causes":[{"reason":"FieldValueInvalid","message":"bad name","field":"metadata.name"},
    {"message":"too long"}, 5]}})");
  CHECK(status.code == 422);
  CHECK(status.reason == "Invalid");
  CHECK(status.text() == "ConfigMap \"X\" is invalid");
  CHECK(status.retry_after == 7s);
  REQUIRE(status.causes.size() == 2);
  CHECK(status.causes[0].reason == "FieldValueInvalid");
  CHECK(status.causes[0].message == "bad name");
  CHECK(status.causes[0].field == "metadata.name");
  CHECK(status.causes[1].message == "too long");
}

TEST_CASE("a pause of more than an hour is one of an hour") {
  const std::string seconds = GENERATE(as<std::string>(), "3600", "3601", "10000000000",
                                       "9223372036854775807", "9223372036854775808", "18446744073709551615");
  const std::string body = R"({"kind":"Status","details":{"retryAfterSeconds":)" + seconds + "}}";
  CHECK(kube::parse_status(503, body).retry_after == 1h);
}

TEST_CASE("Retry-After is cut at an hour too") {
  const auto [text, pause] = GENERATE(table<std::string, std::optional<std::chrono::seconds>>({
      {"0", 0s},
      {"3599", 3599s},
      {"4294967295", 1h},
      {"4294967296", 1h},
      {"99999999999999999999999", 1h},
      {"99999999999999999999999 s", std::nullopt},
      {"soon", std::nullopt},
      {"-1", std::nullopt},
  }));
  k8scale::net::ResponseHead head;
  head.status = 429;
  head.headers.add("Retry-After", text);
  CHECK(kube::retry_after(head) == pause);
}

TEST_CASE("a text of several lines becomes one") {
  CHECK(kube::parse_status(500, R"({"kind":"Status","reason":"X","message":" a\nb\tc \n"})").text() ==
        "a b c");
}

TEST_CASE("answers without a Status get the text of client-go's errors") {
  const kube::StatusSubject subject{"POST", "flunders.wardle.example.com", "f1"};
  const auto [code, body, reason, text] = GENERATE(table<int, std::string, std::string, std::string>({
      {400, "", "BadRequest",
       "the server rejected our request for an unknown reason (post flunders.wardle.example.com f1)"},
      {401, "Unauthorized", "Unauthorized",
       "the server has asked for the client to provide credentials (post flunders.wardle.example.com f1)"},
      {403, "no way\n", "Forbidden", "no way (post flunders.wardle.example.com f1)"},
      {403, "", "Forbidden", "forbidden (post flunders.wardle.example.com f1)"},
      {404, "404 page not found\n", "NotFound",
       "the server could not find the requested resource (post flunders.wardle.example.com f1)"},
      {409, "", "AlreadyExists", "the server reported a conflict (post flunders.wardle.example.com f1)"},
      {429, "Too many requests, please try again later.\n", "TooManyRequests",
       "the server has received too many requests and has asked us to try again later (post "
       "flunders.wardle.example.com f1)"},
      {500, "oh\nno", "InternalError",
       "an error on the server (\"oh no\") has prevented the request from succeeding (post "
       "flunders.wardle.example.com f1)"},
      {503, "", "ServiceUnavailable",
       "the server is currently unable to handle the request (post flunders.wardle.example.com f1)"},
      {302, "", "Unknown",
       "the server responded with the status code 302 but did not return more information (post "
       "flunders.wardle.example.com f1)"},
  }));
  const kube::Status status = kube::parse_status(code, body, subject);
  CHECK(status.code == code);
  CHECK(status.reason == reason);
  CHECK(status.text() == text);
}

TEST_CASE("the subject is as much as is known of it") {
  CHECK_THAT(kube::parse_status(400, "", {"GET", "configmaps", ""}).text(),
             Catch::EndsWith("reason (get configmaps)"));
  CHECK_THAT(kube::parse_status(400, "", {"GET", "", ""}).text(), Catch::EndsWith("reason"));
  CHECK(kube::parse_status(409, "", {"PUT", "configmaps", "a"}).reason == "Conflict");
}

TEST_CASE("nonsense in place of a Status is a Status of the answer's own code") {
  const std::string body =
      GENERATE(as<std::string>(), "null", "[]", "{}", "{\"kind\":\"Status\"}",
               R"({"kind":"Status","code":"x","details":[],"message":5})",
               R"({"kind":"Status","details":{"causes":{},"retryAfterSeconds":"soon"}})",
               R"({"kind":"Status","code":99999999999999999999,"details":{"retryAfterSeconds":-1}})",
               R"({"kind":"ConfigMap","code":7})", "<html>", "\xff\xfe", std::string(100'000, '{'));
  const kube::Status status = kube::parse_status(504, body);
  CHECK(status.code == 504);
  CHECK(status.reason == "Timeout");
  CHECK_FALSE(status.retry_after.has_value());
  CHECK(status.causes.empty());
}

TEST_CASE("a page in place of a Status is cut") {
  CHECK(kube::parse_status(500, std::string(100'000, 'x')).text().size() < 1000);
}
