#include "api.h"
#include "catch.h"
#include "unzip.h"

namespace k8scale::apiserver {
namespace {

TEST_CASE("lists over 128 KiB are compressed for those who ask") {
  Api api;
  const std::string data(1000, 'x');
  for (int i = 0; i < 200; ++i) {
    REQUIRE(api.post(config_maps, config_map("a" + std::to_string(i), {{"k", data}})).status == 201);
  }
  const auto list = [&](const std::string& options, const std::string& accepted) {
    net::ServerRequest sent = request("GET", config_maps + options, "", "");
    sent.headers.add("Accept-Encoding", accepted);
    return api.send(sent);
  };
  const auto plain = list("", "identity");
  CHECK_FALSE(plain.headers.find("Content-Encoding"));
  const auto small = list("?limit=100", "gzip");
  CHECK_FALSE(small.headers.find("Content-Encoding"));
  CHECK_FALSE(list("", "gzip;q=0").headers.find("Content-Encoding"));
  const auto zipped = list("", "deflate, gzip");
  CHECK(zipped.headers.find("Content-Encoding") == "gzip");
  CHECK(zipped.headers.find("Vary") == "Accept-Encoding");
  CHECK(zipped.text.size() < plain.text.size() / 10);
  CHECK(test::unzip(zipped.text, plain.text.size()) == plain.text);
}

}  // namespace
}  // namespace k8scale::apiserver
