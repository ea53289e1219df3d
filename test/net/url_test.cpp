#include "k8scale/net/url.h"

#include <string>

#include "catch.h"
#include "k8scale/net/http.h"

namespace net = k8scale::net;

TEST_CASE("a URL has a host, a port of its own or its scheme's, and a path") {
  const auto [text, url, path] = GENERATE(
      table<std::string, std::string, std::string>({{"https://k.example.com", "https://k.example.com", ""},
                                                    {"https://k:443/", "https://k", ""},
                                                    {"https://k:6443/a/b/", "https://k:6443", "/a/b"},
                                                    {"http://10.0.0.1:80", "http://10.0.0.1", ""},
                                                    {"HTTP://10.0.0.1:", "http://10.0.0.1", ""},
                                                    {"https://[fd00::1]:6443", "https://[fd00::1]:6443", ""},
                                                    {"k", "https://k", ""},
                                                    {"k:6443/a", "https://k:6443", "/a"}}));
  CAPTURE(text);
  const auto parsed = net::parse_url(text);
  REQUIRE(parsed.has_value());
  CHECK(parsed->endpoint.url() == url);
  CHECK(parsed->path == path);
}

TEST_CASE("user, password and query are read") {
  const auto parsed = net::parse_url("http://a%40b:p%3Aw@k/x?y=1&z");
  REQUIRE(parsed.has_value());
  CHECK(parsed->user == "a@b");
  CHECK(parsed->password == "p:w");
  CHECK(parsed->query == "y=1&z");
}

TEST_CASE("what is no URL is refused with what was found and expected") {
  const auto [text, expected] =
      GENERATE(table<std::string, std::string>({{"", "a URL such as https://host:6443"},
                                                {"https://", "a URL such as"},
                                                {"https://:6443", "a URL such as"},
                                                {"a b", "a URL such as"},
                                                {"https://[::1", "a URL such as"},
                                                {"ftp://k", "begins with https:// or http://"},
                                                {"https://k:0", "a port from 1 to 65535"},
                                                {"https://k:65536", "a port from 1 to 65535"},
                                                {"https://k:abc", "a port from 1 to 65535"},
                                                {"https://k:8x/a", "a port from 1 to 65535"},
                                                {"https://[::1]:x", "a port from 1 to 65535"}}));
  CAPTURE(text);
  const auto parsed = net::parse_url(text);
  REQUIRE(parsed.has_error());
  CHECK_THAT(parsed.error().detail(),
             Catch::StartsWith("found \"" + text + "\", expected ") && Catch::Contains(expected));
}

TEST_CASE("a port may come with a host or without") {
  const auto [text, host, port] = GENERATE(table<std::string, std::string, int>(
      {{"9376", "any", 9376}, {":9376", "any", 9376}, {"k:0", "k", 0}, {"[::1]:65535", "::1", 65535}}));
  const auto parsed = net::parse_host_port(text, "any");
  REQUIRE(parsed.has_value());
  CHECK(parsed->host == host);
  CHECK(parsed->port == port);
}

TEST_CASE("what is no port is refused") {
  const std::string text =
      GENERATE(as<std::string>(), "", "k", "k:", "65536", "-1", "1x", "::1", "::1:80", "k:80:90");
  CAPTURE(text);
  CHECK(net::parse_host_port(text, "any").has_error());
}

TEST_CASE("a value of a query is there once, or not at all where something else stands for it") {
  const net::QueryValues values = net::query_values("a=1&b=%20&b=&%61b=2");
  CHECK(net::only_value(values, "a").value() == "1");
  CHECK(net::only_value(values, "ab", "3").value() == "2");
  CHECK(net::only_value(values, "c", "3").value() == "3");
  CHECK(net::only_value(values, "c").error().detail() == "c: found nothing, expected it exactly once");
  CHECK(net::only_value(values, "b").error().detail() == "b: found it 2 times, expected it exactly once");
  CHECK(net::only_value(values, "b", "3").error().detail() ==
        "b: found it 2 times, expected it at most once");
}
