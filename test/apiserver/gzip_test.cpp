#define ZLIB_CONST
#include <zlib.h>

#include "api.h"
#include "catch.h"
#include "k8scale/base/gzip.h"

namespace k8scale::apiserver {
namespace {

std::string unzip(const std::string& text, std::size_t size) {
  std::string out(size + 1, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

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
  CHECK(unzip(zipped.text, plain.text.size()) == plain.text);
}

TEST_CASE("nothing is compressed to something") {
  CHECK(unzip(base::gzip("", base::GzipEffort::fast), 0).empty());
}

}  // namespace
}  // namespace k8scale::apiserver
