#include "k8scale/kube/proxy.h"

#include <string>

#include "catch.h"
#include "thrown.h"

namespace kube = k8scale::kube;
namespace net = k8scale::net;

TEST_CASE("which servers NO_PROXY lets be reached directly") {
  const auto [no_proxy, host, port, direct] = GENERATE(table<std::string, std::string, int, bool>({
      {"", "example.com", 443, false},
      {"*", "example.com", 443, true},
      {"example.com", "example.com", 443, true},
      {"example.com", "EXAMPLE.com.", 443, true},
      {"example.com", "a.b.example.com", 443, true},
      {"example.com", "notexample.com", 443, false},
      {".example.com", "a.example.com", 443, true},
      {".example.com", "example.com", 443, false},
      {"*.example.com", "a.example.com", 443, true},
      {"*.example.com", "example.com", 443, false},
      {" other , example.com ", "example.com", 443, true},
      {"example.com:6443", "example.com", 6443, true},
      {"example.com:6443", "example.com", 443, false},
      {"10.0.0.1", "10.0.0.1", 443, true},
      {"10.0.0.1:6443", "10.0.0.1", 443, false},
      {"10.0.0.0/8", "10.200.3.4", 443, true},
      {"10.0.0.0/8", "11.0.0.1", 443, false},
      {"10.0.0.0/8", "example.com", 443, false},
      {"fd00::/8", "fd00::1", 443, true},
      {"fd00::/8", "fe80::1", 443, false},
      {"fd00::1", "fd00::1", 443, true},
      {"[fd00::1]:6443", "fd00::1", 6443, true},
      {"[fd00::1]:6443", "fd00::1", 443, false},
      {"", "localhost", 443, true},
      {"", "127.0.0.1", 443, true},
      {"", "::1", 443, true},
      {",,:443,[]", "example.com", 443, false},
  }));
  CAPTURE(no_proxy, host, port);
  CHECK(kube::bypasses_proxy(no_proxy, {host, static_cast<std::uint16_t>(port), true}) == direct);
}

TEST_CASE("https servers and http servers have proxies of their own") {
  const kube::ProxyVariables variables = {"http://me:word@secure:1", "plain", ""};
  const auto secure = kube::proxy_from_variables(variables, {"k", 443, true});
  REQUIRE(secure.has_value());
  CHECK(secure->endpoint.url() == "http://secure:1");
  CHECK(secure->user == "me");
  const auto plain = kube::proxy_from_variables(variables, {"k", 80, false});
  REQUIRE(plain.has_value());
  CHECK(plain->endpoint.url() == "http://plain");
  CHECK_FALSE(kube::proxy_from_variables({"", "plain", ""}, {"k", 443, true}).has_value());
}

TEST_CASE("a proxy that cannot be used is refused without its password") {
  const std::string text =
      GENERATE(as<std::string>(), "https://me:secret@p", "socks5://me:secret@p:1", "http://me:secret@",
               "http://me:secret@p:99999", "me:secret@p:x", "http://me:secret@[::1");
  const std::string told =
      kube::thrown([&] { static_cast<void>(kube::parse_proxy_url(text, "HTTPS_PROXY")); });
  CHECK(told.starts_with("HTTPS_PROXY: "));
  CHECK(told.find("secret") == std::string::npos);
}

TEST_CASE("a proxy's user becomes its authorization") {
  kube::Configuration configuration;
  CHECK_FALSE(kube::make_proxy(configuration).has_value());
  configuration.proxy = kube::parse_proxy_url("http://me:pass%20word@proxy:3128", "");
  const auto proxy = kube::make_proxy(configuration);
  REQUIRE(proxy.has_value());
  CHECK(proxy->authorization == "Basic bWU6cGFzcyB3b3Jk");
}
