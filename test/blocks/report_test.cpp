#include "k8scale/blocks/report.h"

#include <sstream>

#include "catch.h"

namespace k8scale::blocks {
namespace {

using namespace std::chrono_literals;

ServerFigures served(std::uint64_t requests, base::Nanoseconds since_epoch) {
  ServerFigures figures;
  figures.started = base::WallTime(since_epoch);
  figures.requests = requests;
  figures.bytes = 100 * requests;
  figures.cpu = requests * 1us;
  return figures;
}

TEST_CASE("a server's side is what it did meanwhile") {
  const auto side = server_side(to_json(served(10, 1s)), to_json(served(25, 1s)));
  REQUIRE(side.has_value());
  CHECK(side->requests == 15);
  CHECK(side->bytes == 1500);
  CHECK(side->cpu == 15us);
}

TEST_CASE("a server that was restarted has no side, whether it did less or more than the one before") {
  for (const std::uint64_t requests : {5, 25}) {
    const auto side = server_side(to_json(served(10, 1s)), to_json(served(requests, 2s)));
    REQUIRE(side.has_error());
    CHECK(side.error().detail() == "no figures, as it was restarted meanwhile");
  }
}

TEST_CASE("counts that fall, or are none, are no server's side") {
  CHECK(server_side(to_json(served(10, 1s)), to_json(served(9, 1s))).has_error());
  CHECK(server_side(nullptr, to_json(served(9, 1s))).error().detail() == "it gave no figures");
  CHECK(server_side({{"bytes", "many"}}, {{"bytes", "many"}}).has_error());
}

TEST_CASE("a connection that was never open has no round-trip time") {
  ClientReport report{{}, {}, base::Failure(base::FailureKind::protocol, "it gave no figures")};
  report.figures.connections.resize(1);
  CHECK(to_json(report)["connections"][0]["round_trip_time"].is_null());
  std::ostringstream text;
  print_text(text, report);
  CHECK(text.str().find("server: it gave no figures\n") != std::string::npos);
}

std::string text_of(const ClientFigures& figures) {
  std::ostringstream text;
  print_text(text,
             ClientReport{{}, figures, base::Failure(base::FailureKind::protocol, "it gave no figures")});
  return text.str();
}

TEST_CASE("a connection's first failure is told when its last is another") {
  ClientFigures figures;
  figures.connections.resize(2);
  figures.connections[1].number = 1;
  for (ConnectionFigures& each : figures.connections) {
    each.failures = 3;
    each.first_failure = "gone";
    each.last_failure = each.number == 0 ? "refused" : "gone";
  }
  CHECK(text_of(figures).find("connection 0: 3 failures, the first: gone; the last: refused\n") !=
        std::string::npos);
  CHECK(text_of(figures).find("connection 1: 3 failures, the last: gone\n") != std::string::npos);
}

TEST_CASE("of many connections what is left out is said") {
  ClientFigures figures;
  figures.connections.resize(70);
  for (ConnectionFigures& each : figures.connections) each.failures = 1;
  const std::string text = text_of(figures);
  CHECK(text.find("the lines of 70 connections are left out, as they are more than 64; --json has them\n") !=
        std::string::npos);
  CHECK(text.find("and 6 more connections failed\n") != std::string::npos);
  figures.connections.resize(64);
  CHECK(text_of(figures).find("connections") == std::string::npos);
}

}  // namespace
}  // namespace k8scale::blocks
