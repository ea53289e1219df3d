#include "catch.h"
#include "kube/body_reader.h"
#include "kube/json_frames.h"
#include "kube/protobuf_frames.h"
#include "protobuf_text.h"

using namespace k8scale::kube;
using Texts = std::vector<std::string>;

namespace {

// All pieces, when the input comes in portions of `size`, the first of `first`.
template <class Frames, class Text>
Texts pieces_of(Frames& frames, std::string_view input, std::size_t first, std::size_t size, Text text) {
  Texts pieces;
  std::size_t portion = first;
  while (!input.empty()) {
    // A copy, so that reads beyond it are noticed.
    const std::string part(input.substr(0, portion));
    input.remove_prefix(part.size());
    frames.put(part);
    while (const auto piece = frames.next()) pieces.emplace_back(text(*piece));
    portion = size;
  }
  return pieces;
}

std::string whole(std::string_view piece) { return std::string(piece); }
std::string bytes_of(const ProtobufListFrames::Found& found) {
  return (found.piece == ProtobufListFrames::Piece::item ? "item " : "metadata ") + std::string(found.bytes);
}

// What `frames` finds, however the input is split.
template <class Frames, class Text>
void check_all_splits(std::string_view input, const Texts& expected, Text text) {
  for (std::size_t first = 1; first <= input.size(); ++first) {
    Frames frames;
    INFO("split at " << first);
    CHECK(pieces_of(frames, input, first, input.size(), text) == expected);
  }
  for (const std::size_t size : {1, 2, 3, 7, 64, 65}) {
    Frames frames;
    INFO("portions of " << size);
    CHECK(pieces_of(frames, input, size, size, text) == expected);
  }
}

}  // namespace

TEST_CASE("lines are found wherever the input is split") {
  const std::string long_line(200, 'x');
  check_all_splits<LineFrames>("one\n\n" + long_line + "\ntwo\nunfinished", {"one", "", long_line, "two"},
                               whole);
}

TEST_CASE("what follows the last line's end is kept for the end of the body") {
  LineFrames frames;
  frames.put("one\nhal");
  CHECK(frames.next() == "one");
  CHECK(!frames.next());
  frames.put("f");
  CHECK(!frames.next());
  CHECK(frames.unfinished() == "half");
}

TEST_CASE("a line that never ends is given up at a limit") {
  LineFrames frames;
  const std::string portion(1024 * 1024, 'x');
  for (std::size_t size = 0; size < longest_piece; size += portion.size()) {
    frames.put(portion);
    REQUIRE(!frames.next());
    REQUIRE(!frames.too_long());
  }
  frames.put("x");
  CHECK(!frames.next());
  CHECK(frames.too_long());
}

TEST_CASE("the items of a JSON list are found wherever the input is split") {
  const std::string first = R"({"metadata":{"name":"a"},"data":{"k":"}]\"\\","q":"\\\\\"{"}})";
  const std::string second =
      R"({"nested":[{"items":[1,{}]},[[]]],"padding":")" + std::string(100, ' ') + R"("})";
  const std::string list = R"({"kind":"ConfigMapList","metadata":{"resourceVersion":"10"},"items": [)" +
                           first + " ,\n" + second + R"(],"more":{"items":[{}]}})" + "\n";
  check_all_splits<JsonListFrames>(list, {first, second}, whole);
}

TEST_CASE("what a JSON list says beside its items is kept") {
  JsonListFrames frames;
  frames.put(
      R"({"apiVersion":"v1","items":[{"a":1}],"kind":"FlunderList","metadata":{"resourceVersion":"7"}} )");
  CHECK(frames.next() == R"({"a":1})");
  CHECK(!frames.frame());
  CHECK(!frames.next());
  CHECK(frames.problem().empty());
  CHECK(frames.frame() ==
        R"({"apiVersion":"v1","items":[],"kind":"FlunderList","metadata":{"resourceVersion":"7"}})");
}

TEST_CASE("a JSON list may have no items, or null") {
  for (const std::string list : {R"({"items":[]})", R"({"items":null})", R"({"metadata":{}})"}) {
    JsonListFrames frames;
    frames.put(list);
    CHECK(!frames.next());
    CHECK(frames.frame() == list);
  }
}

TEST_CASE("a JSON list that is none is noticed") {
  const auto [input, problem] = GENERATE(table<std::string, std::string>({
      {"<html>", "the list is no JSON object"},
      {"[1]", "the list is no JSON object"},
      {R"({"items":[1]})", "an item of the list is no object"},
      {R"({"items":["x"]})", "an item of the list is no object"},
      {R"({"items":[]}{"items":[]})", "something follows the list"},
      {R"({"metadata":")" + std::string(longest_list_head, 'x'), "the list's own fields are too large"},
  }));
  JsonListFrames frames;
  frames.put(input);
  CHECK(!frames.next());
  CHECK(frames.problem() == problem);
}

TEST_CASE("an item of a JSON list that never ends is given up at a limit") {
  JsonListFrames frames;
  frames.put(R"({"items":[{"data":")");
  REQUIRE(!frames.next());
  const std::string portion(1024 * 1024, 'x');
  for (std::size_t size = 0; size <= longest_piece && frames.problem().empty(); size += portion.size()) {
    frames.put(portion);
    REQUIRE(!frames.next());
  }
  CHECK(frames.problem() == "an object is too large");
}

TEST_CASE("the frames of a protobuf watch are found wherever the input is split") {
  const std::string large(300, 'x');
  check_all_splits<LengthFrames>(frame("one") + frame("") + frame(large) + frame("two") + "\0\0"s,
                                 {"one", "", large, "two"}, whole);
}

TEST_CASE("a protobuf frame of 4 GB is not waited for") {
  LengthFrames frames;
  frames.put("\xff\xff\xff\xff rest");
  CHECK(!frames.next());
  CHECK(frames.too_long());
}

TEST_CASE("the items of a protobuf list are found wherever the input is split") {
  const std::string large(300, 'x');
  const std::string raw = field(1, "meta") + field(2, "one") + field(2, large) + field(9, "unknown") +
                          "\x18\x96\x01"s + "\x21"s + std::string(8, 'x') + field(2, "two");
  check_all_splits<ProtobufListFrames>(envelope("ConfigMapList", raw),
                                       {"metadata meta", "item one", "item " + large, "item two"}, bytes_of);
}

TEST_CASE("a protobuf list is whole only at the end of a field of the envelope") {
  const std::string list = envelope("ConfigMapList", field(1, "meta") + field(2, "one"));
  const std::string trailing = field(3, "") + field(4, "");
  for (std::size_t size = 0; size <= list.size() - trailing.size(); ++size) {
    ProtobufListFrames frames;
    static_cast<void>(pieces_of(frames, list.substr(0, size), 1, 1, bytes_of));
    INFO("size " << size);
    const bool after_type = size == 4 + field(1, type_meta("ConfigMapList")).size() || size == 4;
    CHECK(frames.whole() == (after_type || size == list.size() - trailing.size()));
  }
}

TEST_CASE("a protobuf list that is none is noticed") {
  const auto [input, problem] = GENERATE(table<std::string, std::string>({
      {R"({"kind":"ConfigMapList"})", "the list is no Kubernetes protobuf"},
      {"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s, "the list is no protobuf"},
      {"k8s\0\x0f"s, "the list is no protobuf"},
      {"k8s\0\x1a\x04gzip"s, "the list has an encoding"},
      {"k8s\0\x12\x02\x12\x05"s + "xxxxx", "the list is no protobuf"},
      {"k8s\0\x12\x01\x80\x80"s, "the list is no protobuf"},
      {"k8s\0\x12\xff\xff\xff\xff\x0f\x12\xff\xff\xff\xff\x0e"s, "an object is too large"},
      {"k8s\0\x12\xff\xff\xff\xff\x0f\x0a\xff\xff\xff\xff\x0e"s, "the list's own fields are too large"},
  }));
  ProtobufListFrames frames;
  frames.put(input);
  CHECK(!frames.next());
  CHECK(frames.problem() == problem);
}
