#include "k8scale/base/flags.h"

#include "catch.h"

using namespace k8scale::base;
using Arguments = std::vector<std::string>;

namespace {
struct Flags {
  CLI::App app{"test"};
  double lambda = 1;
  int n = 300;
  int v = 0;
  bool ok = true;
  std::uint64_t observe = 0;
  std::string kubeconfig = "default";
  std::chrono::nanoseconds grace = std::chrono::seconds(15);
  Flags() {
    add_value(app, "--lambda", lambda, "rate");
    add_value(app, "--n", n, "count");
    add_value(app, "-v", v, "verbosity");
    add_bool(app, "--ok", ok, "a switch");
    add_value(app, "--kubeconfig", kubeconfig, "path");
    add_duration(app, "--grace", grace, "time");
    add_count(app, "--observe", observe, "watchers");
  }
};
}  // namespace

TEST_CASE("Go's forms of a flag are all read") {
  for (const Arguments& arguments : {Arguments{"-lambda", "5"}, Arguments{"-lambda=5"},
                                     Arguments{"--lambda", "5"}, Arguments{"--lambda=5"}}) {
    Flags flags;
    CHECK(parse_go_arguments(flags.app, arguments).proceed);
    CHECK(flags.lambda == 5);
  }
}

TEST_CASE("a count is 1 without a value, and takes none that follows") {
  const std::vector<std::pair<Arguments, std::uint64_t>> cases = {{{}, 0},
                                                                  {{"--observe"}, 1},
                                                                  {{"-observe", "-n", "5"}, 1},
                                                                  {{"--observe=3"}, 3},
                                                                  {{"--observe=2", "-observe"}, 1}};
  for (const auto& [arguments, expected] : cases) {
    Flags flags;
    CHECK(parse_go_arguments(flags.app, arguments).proceed);
    CHECK(flags.observe == expected);
  }
  for (const char* bad : {"--observe=x", "--observe=-1", "--observe=99999999999999999999", "--observe=1.5"}) {
    Flags flags;
    const auto outcome = parse_go_arguments(flags.app, {bad});
    CAPTURE(bad, outcome.text);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.text.find("--observe: found") == 0);
  }
}

TEST_CASE("booleans, negative numbers, empty texts, durations and single letters are read") {
  Flags flags;
  const auto outcome = parse_go_arguments(
      flags.app, {"-ok=false", "-lambda", "-5", "-kubeconfig=", "-v=3", "-grace", "1m30s", "--n=7"});
  CAPTURE(outcome.text);
  REQUIRE(outcome.proceed);
  CHECK_FALSE(flags.ok);
  CHECK(flags.lambda == -5);
  CHECK(flags.kubeconfig.empty());
  CHECK(flags.v == 3);
  CHECK(flags.n == 7);
  CHECK(flags.grace == std::chrono::seconds(90));
}

TEST_CASE("the last of several values counts, as in Go") {
  Flags flags;
  REQUIRE(
      parse_go_arguments(flags.app, {"-n", "1", "-n", "2", "-ok=false", "-ok", "-grace", "1s", "-grace=2s"})
          .proceed);
  CHECK(flags.n == 2);
  CHECK(flags.grace == std::chrono::seconds(2));
  CHECK(flags.ok);
}

TEST_CASE("bad input is one line that names the flag, what was found and what was expected") {
  const auto error = [](const Arguments& arguments) {
    Flags flags;
    const auto outcome = parse_go_arguments(flags.app, arguments);
    CHECK_FALSE(outcome.proceed);
    CHECK(outcome.exit_code == 1);
    return outcome.text;
  };
  CHECK(error({"-lambda", "abc"}) == "-lambda: found \"abc\", expected a number");
  CHECK(error({"-lambda", "100", "-lambda", "abc"}) == "-lambda: found \"abc\", expected a number");
  CHECK(error({"-grace", "1s", "-grace", "5"}).find("-grace: found \"5\", expected") == 0);
  CHECK(error({"-lambda="}) == "-lambda: found \"\", expected a number");
  CHECK(error({"-n=99999999999999"}) ==
        "-n: found \"99999999999999\", expected a whole number from -2147483648 to 2147483647");
  CHECK(error({"-n=08"}) == "-n: found \"08\", expected a whole number from -2147483648 to 2147483647");
  CHECK(error({"-n=1.5"}) == "-n: found \"1.5\", expected a whole number from -2147483648 to 2147483647");
  CHECK(error({"--lambda", "abc"}) == "--lambda: found \"abc\", expected a number");
  CHECK(error({"-lambda"}) == "-lambda: found no value, expected a number");
  CHECK(error({"--n"}) == "--n: found no value, expected a whole number");
  CHECK(error({"-grace", "5"}) == "-grace: found \"5\", expected a duration such as 300ms, 5s or 1m");
  CHECK(error({"-n=0xg"}) == "-n: found \"0xg\", expected a whole number from -2147483648 to 2147483647");
  CHECK(error({"-nonsense"}) == "unknown flag -nonsense; --help lists the flags");
  CHECK(error({"--nonsense"}) == "unknown flag --nonsense; --help lists the flags");
  CHECK(error({"-lambad", "5"}) == "unknown flag -lambad; did you mean -lambda? --help lists the flags");
  CHECK(error({"--lambad=5"}) == "unknown flag --lambad=5; did you mean --lambda? --help lists the flags");
  CHECK(error({"-v2"}) == "unknown flag -v2; --help lists the flags");
  CHECK(error({"-hlambda"}) == "unknown flag -hlambda; did you mean -lambda? --help lists the flags");
  CHECK(error({"stray"}) == "unexpected argument stray; --help lists the flags");
  CHECK(error({"-lambda"}).find("lambda") != std::string::npos);
}

TEST_CASE("help is no error and states defaults") {
  Flags flags;
  const auto outcome = parse_go_arguments(flags.app, {"-help"});
  CHECK_FALSE(outcome.proceed);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.text.find("300") != std::string::npos);
  CHECK(outcome.text.find("15.0s") != std::string::npos);
  CHECK(outcome.text.find("(default true)") != std::string::npos);
}
