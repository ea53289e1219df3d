#include "k8scale/net/message_parser.h"

#include <string>
#include <string_view>

#include "catch.h"

namespace base = k8scale::base;
namespace net = k8scale::net;

TEST_CASE("a target that is a whole URL becomes its path and query, others stay as they are") {
  const auto [target, expected] = GENERATE(
      table<std::string, std::string>({{"/blocks?size=1", "/blocks?size=1"},
                                       {"https://localhost:8080/blocks?size=1&n=2", "/blocks?size=1&n=2"},
                                       {"HTTP://[::1]:8080/a/b", "/a/b"},
                                       {"http://user@host/?u=http://x/", "/?u=http://x/"},
                                       {"https://host", "/"},
                                       {"https://host?x=/y", "/?x=/y"},
                                       {"http:///nowhere", "http:///nowhere"},
                                       {"ftp://host/a", "ftp://host/a"},
                                       {"/https://host/a", "/https://host/a"},
                                       {"*", "*"},
                                       {"host:443", "host:443"}}));
  CAPTURE(target);
  net::Request request;
  net::MessageParser parser(request, net::MessageLimits{});
  const std::string head = "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
  REQUIRE(parser.put(head).value() == head.size());
  REQUIRE(parser.done());
  CHECK(request.target == expected);
}

TEST_CASE("a request has one Host, and in HTTP/1.0 it need have none") {
  const auto [head, fault] = GENERATE(table<std::string, std::string>(
      {{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""},
       {"GET / HTTP/1.1\r\nhost:\r\n\r\n", ""},
       {"GET / HTTP/1.0\r\n\r\n", ""},
       {"GET / HTTP/1.0\r\nHost: x\r\n\r\n", ""},
       {"GET / HTTP/1.1\r\n\r\n", "Host: found nothing, expected it exactly once"},
       {"GET http://x/ HTTP/1.1\r\n\r\n", "Host: found nothing, expected it exactly once"},
       {"GET / HTTP/1.1\r\nX-Host: x\r\n\r\n", "Host: found nothing, expected it exactly once"},
       {"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "Host: found it 2 times, expected it exactly once"},
       {"GET / HTTP/1.0\r\nHost: x\r\nA: b\r\nHOST: y\r\n\r\n",
        "Host: found it 2 times, expected it at most once"}}));
  CAPTURE(head);
  net::Request request;
  net::MessageParser parser(request, net::MessageLimits{});
  const base::Result<std::size_t> taken = parser.put(head);
  CHECK(taken.has_error() == !fault.empty());
  CHECK((parser.error() == net::ParseError::malformed) == !fault.empty());
  if (taken.has_error()) CHECK(taken.error().detail() == fault);
}

TEST_CASE("a Host among the trailers is none of the request's") {
  net::Request request;
  net::MessageParser parser(request, net::MessageLimits{});
  std::string_view rest =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nHost: y\r\n\r\n";
  while (!parser.done()) rest.remove_prefix(parser.put(rest).value());
  CHECK(request.body == "a");
  CHECK(request.headers.size() == 2);
}

TEST_CASE("an answer has no Host") {
  net::ResponseHead head;
  std::string body;
  net::MessageParser parser(head, body, net::BodyRule::as_the_head_says, net::MessageLimits{});
  CHECK(parser.put("HTTP/1.1 204 No Content\r\n\r\n").has_value());
  CHECK(parser.done());
}
