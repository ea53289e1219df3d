#include "k8scale/net/message_parser.h"

#include <string>

#include "catch.h"

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
